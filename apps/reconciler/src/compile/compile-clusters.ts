import { announceChanged, announceDesired, appendAudit, loadClusters, renderAssignments, writeDesiredStates, writePolicyStatus } from '@meshfleet/store';
import type { Tx } from '@meshfleet/store';
import { RENDERING } from './known-kinds.ts';
import { planCompilation } from './plan-compilation.ts';
import type { Attribution, ClusterPlan } from './plan-compilation.ts';

export interface CompilationCounts {
  /** Clusters that were looked at. */
  readonly compiled: number;
  /** Clusters that got a new revision. */
  readonly revised: number;
}

/**
 * Brings clusters' desired states in line with their assignments, in one transaction and a fixed number of statements, and a
 * few more where versions differ from cluster to cluster.
 * Level-triggered: a cluster whose assignments are all compiled is left alone, so that running twice writes nothing.
 * @throws MeshfleetError STATE_STALE when another reconciler was faster; nothing was written then
 */
export async function compileClusters(tx: Tx, clusterIds: readonly string[], attribution: Attribution): Promise<CompilationCounts> {
  const loaded = await loadClusters(tx, clusterIds);
  const due = loaded.filter((cluster) => cluster.uncompiled.length > 0 || (cluster.approvalDue && attribution.approved?.has(cluster.id) === true));
  const plans = planCompilation(await renderAssignments(tx, due, RENDERING), attribution);
  const next = plans.flatMap((plan) => plan.next ?? []);
  await writeDesiredStates(tx, next);
  writePolicyStatus(
    tx,
    plans.map(({ cluster, composition, next: revised, policyIds, renderings, unrendered, expiries }) => ({
      cluster,
      renderings,
      unrendered,
      expiries,
      composition,
      revision: revised === null ? cluster.revision : cluster.revision + 1,
      policyIds,
    })),
  );
  announceDesired(
    tx,
    next.map(({ cluster }) => ({ clusterId: cluster.id, epoch: cluster.epoch, revision: cluster.revision + 1 })),
  );
  if (plans.length > 0) {
    announceChanged(tx, {
      clusterIds: plans.map(({ cluster }) => cluster.id),
      policyIds: [...new Set(plans.flatMap(({ policyIds }) => policyIds))],
    });
  }
  await auditExpired(tx, plans);
  return { compiled: plans.length, revised: next.length };
}

/** Nobody asked for it now: whoever wrote the version did, and the log says when it came to pass, and where. */
async function auditExpired(tx: Tx, plans: readonly ClusterPlan[]): Promise<void> {
  const expired = plans.flatMap((plan) => plan.expired.map((object) => ({ ...object, clusterId: plan.cluster.id, at: plan.cluster.readAt })));
  for (const [policyId, objects] of Map.groupBy(expired, (object) => object.policyId)) {
    const details = { objects: [...new Set(objects.map(({ key }) => key))].sort(), clusterIds: [...new Set(objects.map(({ clusterId }) => clusterId))].sort() };
    await appendAudit(tx, { actor: 'system:reconciler', action: 'policy.expire', target: policyId, details, at: objects[0]?.at ?? new Date(0) });
  }
}
