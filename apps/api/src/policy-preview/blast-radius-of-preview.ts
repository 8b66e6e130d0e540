import { CONTENT_KINDS, blastRadius, contentsOf, type BlastRadius, type ClusterContents } from '@meshfleet/istio';
import type { KubeObject } from '@meshfleet/model';
import { readInventories, readIstioNamespaces, type Tx } from '@meshfleet/store';
import type { RequestScope } from '../request/request-scope.ts';
import type { PreviewPlan } from './plan-change.ts';
import { changedBodies, type ClusterPreview } from './preview-clusters.ts';

const CONTENTS = Symbol('namespaces, services and workloads of a cluster');
/** Inventories that are read at a time. */
const TOGETHER = 20;
const NOBODY: BlastRadius = { namespaces: [], workloads: [], services: [] };

/** Whom the objects that would change concern, as they are and as they would be. */
export async function blastRadiusOf(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview): Promise<BlastRadius> {
  const bodies = await changedBodies(scope, plan, preview);
  return bodies.size === 0 ? NOBODY : radiusAmong(bodies, await scope.loader<string, ClusterContents>(CONTENTS, readContents, String, TOGETHER).load(preview.loaded.id));
}

/** Whom these objects concern among what a cluster has. */
export function radiusAmong(bodies: ReadonlyMap<string, KubeObject>, contents: ClusterContents): BlastRadius {
  return bodies.size === 0 ? NOBODY : blastRadius([...bodies.values()], contents);
}

/** What each of the clusters has, as its agent reported it, in the order of the clusters. */
export async function readContents(tx: Tx, clusterIds: readonly string[]): Promise<ClusterContents[]> {
  const rows = await readInventories(tx, clusterIds, CONTENT_KINDS);
  const controlPlanes = await readIstioNamespaces(tx, clusterIds);
  return clusterIds.map((id) => contentsOf(rows.get(id) ?? [], controlPlanes.get(id)));
}
