import type { Finding } from '@meshfleet/model';
import type { Tx } from '../connection/sql.ts';
import { NO_NEIGHBOURS, readMeshNeighbours } from '../preview/mesh-neighbours.ts';
import type { MeshNeighbours } from '../preview/mesh-neighbours.ts';
import { readInventories } from '../preview/read-inventory.ts';
import type { ClusterInventoryRow } from '../preview/read-inventory.ts';
import type { LoadedRolloutCluster } from './rollout-clusters.ts';

/** The analysis, as the store is given it: it decides nothing itself. */
export interface RolloutAnalysis {
  errorsOf(inventory: readonly ClusterInventoryRow[], neighbours: MeshNeighbours, now: number): readonly Finding[];
  newErrors(before: readonly Finding[], after: readonly Finding[]): readonly Finding[];
}

/** What a row of `rollout_cluster` remembers of the analysis. */
export interface FindingsBaseline {
  /** Errors that were there before the cluster was told. */
  readonly errors: readonly Finding[];
  /** Sequence of the inventory that `found` is about. */
  readonly seq: number;
  /** Errors that were not there before, in a few words each. */
  readonly found: readonly string[];
}

/** Clusters read at once: inventories are large. */
const TOGETHER = 20;

/** Before clusters are told: what the analysis finds in them as they are. */
export async function noteBaselines(tx: Tx, rolloutId: string, clusterIds: readonly string[], analysis: RolloutAnalysis, now: number): Promise<void> {
  for (let from = 0; from < clusterIds.length; from += TOGETHER) {
    const ids = clusterIds.slice(from, from + TOGETHER);
    const inventories = await readInventories(tx, ids);
    const neighbours = await readMeshNeighbours(tx, ids);
    const baselines = ids.map((id, index): FindingsBaseline => ({ errors: analysis.errorsOf(inventories.get(id) ?? [], neighbours[index] ?? NO_NEIGHBOURS, now), seq: -1, found: [] }));
    writeBaselines(tx, rolloutId, ids, baselines);
  }
}

/** Looks again at clusters whose inventory has changed since; the others are known. Returns new errors by cluster. */
export async function findNewErrors(tx: Tx, rolloutId: string, loaded: readonly LoadedRolloutCluster[], analysis: RolloutAnalysis, now: number): Promise<ReadonlyMap<string, readonly string[]>> {
  const known = new Map<string, readonly string[]>();
  const due: { id: string; seq: number; baseline: FindingsBaseline }[] = [];
  for (const { cluster, baseline, inventorySeq } of loaded) {
    if (baseline === null) continue;
    if (baseline.seq === inventorySeq) known.set(cluster.id, baseline.found);
    else due.push({ id: cluster.id, seq: inventorySeq, baseline });
  }
  for (let from = 0; from < due.length; from += TOGETHER) {
    const part = due.slice(from, from + TOGETHER);
    const ids = part.map(({ id }) => id);
    const inventories = await readInventories(tx, ids);
    const neighbours = await readMeshNeighbours(tx, ids);
    const looked = part.map(({ id, seq, baseline }, index): FindingsBaseline => {
      const found = analysis.newErrors(baseline.errors, analysis.errorsOf(inventories.get(id) ?? [], neighbours[index] ?? NO_NEIGHBOURS, now)).map(({ code, object, message }) => `${code} ${object}: ${message}`);
      known.set(id, found);
      return { errors: baseline.errors, seq, found };
    });
    writeBaselines(tx, rolloutId, ids, looked);
  }
  return known;
}

function writeBaselines(tx: Tx, rolloutId: string, clusterIds: readonly string[], baselines: readonly FindingsBaseline[]): void {
  tx.send(
    `update rollout_cluster k set baseline = w.baseline::jsonb from unnest($3::uuid[], $4::text[]) as w (cluster_id, baseline)
     where k.organization_id = $1 and k.rollout_id = $2 and k.cluster_id = w.cluster_id`,
    [tx.organizationId, rolloutId, clusterIds, baselines.map((baseline) => JSON.stringify(baseline))],
  );
}
