import { CONTENT_KINDS, blastRadius, contentsOf, type BlastRadius } from '@meshfleet/istio';
import type { KubeObject } from '@meshfleet/model';
import { readInventories, type ClusterInventoryRow, type Tx } from '@meshfleet/store';
import type { RequestScope } from '../request/request-scope.ts';
import type { PreviewPlan } from './plan-preview.ts';
import { changedBodies, type ClusterPreview } from './preview-clusters.ts';

const CONTENTS = Symbol('namespaces, services and workloads of a cluster');
/** Inventories that are read at a time. */
const TOGETHER = 20;

/** Whom the objects that would change concern, as they are and as they would be. */
export async function blastRadiusOf(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview): Promise<BlastRadius> {
  const bodies = await changedBodies(scope, plan, preview);
  const rows = bodies.size === 0 ? [] : await scope.loader<string, readonly ClusterInventoryRow[]>(CONTENTS, readContents, String, TOGETHER).load(preview.loaded.id);
  return radiusAmong(bodies, rows);
}

/** Whom these objects concern among what a cluster's inventory tells. */
export function radiusAmong(bodies: ReadonlyMap<string, KubeObject>, rows: readonly ClusterInventoryRow[]): BlastRadius {
  return bodies.size === 0 ? { namespaces: [], workloads: [], services: [] } : blastRadius([...bodies.values()], contentsOf(rows));
}

async function readContents(tx: Tx, clusterIds: readonly string[]): Promise<(readonly ClusterInventoryRow[])[]> {
  const found = await readInventories(tx, clusterIds, CONTENT_KINDS);
  return clusterIds.map((id) => found.get(id) ?? []);
}
