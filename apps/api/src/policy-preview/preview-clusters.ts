import type { KubeObject } from '@meshfleet/model';
import { composeDesiredState, type Assignment, type Composition } from '@meshfleet/planner';
import { readClusters, type LoadedCluster, type Tx } from '@meshfleet/store';
import { changedHashes } from '../desired-state/diff-states.ts';
import { objectContent } from '../desired-state/desired-state-loaders.ts';
import type { RequestScope } from '../request/request-scope.ts';
import type { PreviewPlan } from './plan-preview.ts';

/** What a planned change would make of one cluster. */
export interface ClusterPreview {
  readonly loaded: LoadedCluster;
  readonly composition: Composition;
}

/** The same composition as the reconciler's, from the same rows, with the change in place of what the policy is now. */
export function previewOfCluster(scope: RequestScope, plan: PreviewPlan, clusterId: string): Promise<ClusterPreview | undefined> {
  return scope.loader<string, ClusterPreview | undefined>(plan.name, (tx, ids) => composeAll(tx, plan, ids)).load(clusterId);
}

async function composeAll(tx: Tx, plan: PreviewPlan, clusterIds: readonly string[]): Promise<(ClusterPreview | undefined)[]> {
  const selected = new Set(plan.touched.filter((cluster) => cluster.selected).map(({ id }) => id));
  const loaded = await readClusters(tx, clusterIds);
  const previews = new Map(loaded.map((cluster) => [cluster.id, compose(cluster, plan, selected.has(cluster.id) ? plan.assignment : null)]));
  return clusterIds.map((id) => previews.get(id));
}

function compose(loaded: LoadedCluster, { policyId }: PreviewPlan, assignment: Assignment | null): ClusterPreview {
  const others = loaded.assignments.filter((each) => each.policyId !== policyId);
  const composition = composeDesiredState({
    assignments: assignment === null ? others : [...others, assignment],
    previous: loaded.previous,
    acknowledged: loaded.ackedEpoch === loaded.epoch && loaded.ackedRevision >= loaded.revision,
    failedKeys: new Set(loaded.conditions.filter(({ status }) => status === 'FAILED').map(({ key }) => key)),
  });
  return { loaded, composition };
}

/** Bodies of everything that would differ: from the change itself, or as they are stored. */
export async function changedBodies(scope: RequestScope, plan: PreviewPlan, { loaded, composition }: ClusterPreview): Promise<ReadonlyMap<string, KubeObject>> {
  const hashes = changedHashes(loaded.previous.state, composition.state);
  const bodies = await Promise.all(hashes.map(async (hash) => [hash, plan.bodies.get(hash) ?? (await objectContent(scope, hash))] as const));
  return new Map(bodies.filter((entry): entry is [string, KubeObject] => entry[1] !== undefined));
}
