import { strategySchema } from '@meshfleet/planner';
import type { RolloutState, RolloutStatus, RolloutStrategy } from '@meshfleet/planner';

/** A rollout as it is stored and shown, without its clusters. */
export interface RolloutRow {
  readonly id: string;
  readonly policyId: string;
  readonly policyName: string;
  /** Null: the policy is withdrawn. */
  readonly version: number | null;
  readonly strategy: RolloutStrategy;
  readonly status: RolloutStatus;
  readonly active: boolean;
  readonly because: string;
  readonly planned: boolean;
  readonly mixed: boolean;
  readonly state: Omit<RolloutState, 'clusters'>;
  readonly wakeAt: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly rowVersion: number;
}

export const ROLLOUT_COLUMNS = `r.id, r.policy_id as "policyId", (select p.name from policy p where p.id = r.policy_id) as "policyName", r.version,
  r.strategy, r.status, r.active, r.because, r.planned, r.mixed, r.state, r.wake_at as "wakeAt", r.created_by as "createdBy",
  r.created_at as "createdAt", r.started_at as "startedAt", r.ended_at as "endedAt", r.row_version as "rowVersion"`;

export type StoredRollout = Omit<RolloutRow, 'strategy'> & { readonly strategy: unknown };

/** Strategies are kept as they were given; what is not said in them is filled in as they are read. */
export function readRollout({ strategy, ...row }: StoredRollout): RolloutRow {
  return { ...row, strategy: strategySchema.parse(strategy) };
}

/** What moves, for people. */
export function titleOf({ policyName, version }: Pick<RolloutRow, 'policyName' | 'version'>): string {
  return version === null ? `the withdrawal of ${policyName}` : `${policyName} to version ${version}`;
}
