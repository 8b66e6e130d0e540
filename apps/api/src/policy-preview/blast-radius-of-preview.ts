import { CONTENT_KINDS, blastRadius, contentsOf, type BlastRadius } from '@meshfleet/istio';
import { readInventories, type ClusterInventoryRow, type Tx } from '@meshfleet/store';
import type { RequestScope } from '../request/request-scope.ts';
import type { PreviewPlan } from './plan-preview.ts';
import { changedBodies, type ClusterPreview } from './preview-clusters.ts';

const CONTENTS = Symbol('namespaces, services and workloads of a cluster');

/** Whom the objects that would change concern, as they are and as they would be. */
export async function blastRadiusOf(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview): Promise<BlastRadius> {
  const bodies = await changedBodies(scope, plan, preview);
  if (bodies.size === 0) return { namespaces: [], workloads: [], services: [] };
  const rows = await scope.loader<string, readonly ClusterInventoryRow[]>(CONTENTS, readContents).load(preview.loaded.id);
  return blastRadius([...bodies.values()], contentsOf(rows));
}

async function readContents(tx: Tx, clusterIds: readonly string[]): Promise<(readonly ClusterInventoryRow[])[]> {
  const found = await readInventories(tx, clusterIds, CONTENT_KINDS);
  return clusterIds.map((id) => found.get(id) ?? []);
}
