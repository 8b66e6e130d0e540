export type PolicyClusterStatus = 'PENDING' | 'APPLIED' | 'FAILED' | 'DRIFTED';

/** While an assignment waits for its compilation: higher than any revision, so that no acknowledgement reaches it. */
export const UNCOMPILED_REVISION = Number.MAX_SAFE_INTEGER;

export interface PolicyClusterObservation {
  /** Revision of the desired state that carries the policy's present version, or its withdrawal. */
  readonly revision: number;
  /** Highest revision that the agent has acknowledged. */
  readonly ackedRevision: number;
  /** Statuses of the policy's object conditions in this cluster. An object without a condition is as desired. */
  readonly conditions: readonly ('FAILED' | 'DRIFTED' | 'CORRECTED' | 'UNHEALTHY')[];
}

/** How far a policy is in a cluster. An object that is applied and not well is applied. The store computes the same in SQL where it writes many at once. */
export function statusOf(observation: PolicyClusterObservation): PolicyClusterStatus {
  if (observation.ackedRevision < observation.revision) return 'PENDING';
  if (observation.conditions.includes('FAILED')) return 'FAILED';
  return observation.conditions.includes('DRIFTED') ? 'DRIFTED' : 'APPLIED';
}
