import { composeDesiredState } from '@meshfleet/planner';
import type { Composition } from '@meshfleet/planner';
import { digestOf } from '@meshfleet/protocol';
import type { DesiredStateCause, LoadedCluster, NextDesiredState, RenderedAssignments } from '@meshfleet/store';

/** Who a change is owed to, where the event that announced it says so. */
export interface Attribution {
  readonly actor?: string;
  /** Policies that the event is about; without them and without clusters it is about nothing in particular. */
  readonly policyIds?: ReadonlySet<string>;
  readonly clusterIds?: ReadonlySet<string>;
  /** Clusters for which a person has approved deletions: they get a revision that says so, though nothing else changed. */
  readonly approved?: ReadonlySet<string>;
}

export interface ClusterPlan extends Omit<RenderedAssignments, 'assignments' | 'bodies'> {
  readonly composition: Composition;
  /** Null when the cluster should hold what it is asked to hold already. */
  readonly next: NextDesiredState | null;
  /** Policies whose row in this cluster the compilation settles. */
  readonly policyIds: readonly string[];
}

/**
 * Composes what each cluster should hold. Clusters that hold the same and are assigned the same are composed once: in a
 * fleet most are alike.
 */
export function planCompilation(clusters: readonly RenderedAssignments[], attribution: Attribution): ClusterPlan[] {
  const composed = new Map<string, { composition: Composition; digest: string }>();
  return clusters.map((rendered) => {
    const { cluster, assignments, bodies } = rendered;
    const acknowledged = isAcknowledged(cluster);
    const failedKeys = new Set(cluster.conditions.filter((condition) => condition.status === 'FAILED').map((condition) => condition.key));
    const likeness = likenessOf(rendered, acknowledged, failedKeys);
    let result = composed.get(likeness);
    if (result === undefined) {
      const composition = composeDesiredState({ assignments, previous: cluster.previous, acknowledged, failedKeys, features: cluster.features, bodies });
      result = { composition, digest: digestOf(composition.state) };
      composed.set(likeness, result);
    }
    return planCluster(rendered, result, acknowledged, attribution);
  });
}

function planCluster(
  { cluster, renderings, unrendered, expired, expiries }: RenderedAssignments,
  { composition, digest }: { composition: Composition; digest: string },
  acknowledged: boolean,
  attribution: Attribution,
): ClusterPlan {
  const uncompiled = cluster.uncompiled.map((row) => row.policyId);
  const policyIds = [...new Set([...uncompiled, ...composition.touchedPolicies])];
  const approvalDue = attribution.approved?.has(cluster.id) === true && cluster.approvalDue;
  // The first revision says that there is nothing; without one the agent would not know that it is up to date.
  const first = cluster.revision === 0;
  if (!composition.changed && !approvalDue && !first) return { cluster, renderings, unrendered, expired: [], expiries, composition, next: null, policyIds };
  return {
    cluster,
    renderings,
    unrendered,
    expired,
    expiries,
    composition,
    policyIds,
    next: {
      cluster,
      composition,
      digest,
      cause: causesOf(cluster, expired, approvalDue, attribution),
      approvalSpent: cluster.approvedDeletions > 0 && !cluster.approvalDue && acknowledged,
    },
  };
}

function isAcknowledged(cluster: LoadedCluster): boolean {
  return cluster.ackedEpoch === cluster.epoch && cluster.ackedRevision >= cluster.revision;
}

function likenessOf({ cluster, renderings }: RenderedAssignments, acknowledged: boolean, failedKeys: ReadonlySet<string>): string {
  const assignments = cluster.assignments.map(({ policyId, version }) => `${policyId} ${version} ${renderings.get(policyId) ?? ''}`).sort();
  return JSON.stringify([cluster.digest, acknowledged, [...failedKeys].sort(), cluster.previous.residue, cluster.previous.shares, cluster.features, assignments]);
}

function causesOf(cluster: LoadedCluster, expired: RenderedAssignments['expired'], approved: boolean, attribution: Attribution): DesiredStateCause[] {
  const ended = new Map(expired.map(({ policyId, version }) => [policyId, version]));
  const causes: DesiredStateCause[] = cluster.uncompiled.filter(({ policyId, version }) => version === null || ended.get(policyId) !== version).map(({ policyId, version, createdBy }) => {
    const announced = attribution.policyIds?.has(policyId) === true || attribution.clusterIds?.has(cluster.id) === true;
    const actor = (announced ? attribution.actor : undefined) ?? createdBy ?? 'system:reconciler';
    return { action: version === null ? 'WITHDRAWN' : 'ASSIGNED', policyId, version, actor };
  });
  for (const [policyId, version] of ended) causes.push({ action: 'EXPIRED', policyId, version, actor: 'system:reconciler' });
  if (approved) causes.push({ action: 'DELETIONS_APPROVED', actor: attribution.actor ?? 'system:reconciler' });
  return causes;
}
