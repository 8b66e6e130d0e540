import { announceChanged, announceDesired, loadClusters, renderAssignments, writeDesiredStates, writePolicyStatus } from '@meshfleet/store';
import type { Tx } from '@meshfleet/store';
import { RENDERING } from './known-kinds.ts';
import { planCompilation } from './plan-compilation.ts';
import type { Attribution } from './plan-compilation.ts';

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
    plans.map(({ cluster, composition, next: revised, policyIds, renderings, unrendered }) => ({
      cluster,
      renderings,
      unrendered,
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
  return { compiled: plans.length, revised: next.length };
}
