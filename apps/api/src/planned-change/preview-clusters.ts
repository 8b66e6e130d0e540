import type { KubeObject } from '@meshfleet/model';
import { composeDesiredState, type Composition } from '@meshfleet/planner';
import { readClusters, renderAssignments, type LoadedAssignment, type LoadedCluster, type RenderedAssignments, type Tx } from '@meshfleet/store';
import { changedHashes } from '../desired-state/diff-states.ts';
import { objectContent } from '../desired-state/desired-state-loaders.ts';
import { MANAGED, knownKinds } from '../policy/known-kinds.ts';
import type { RequestScope } from '../request/request-scope.ts';
import type { PreviewPlan } from './plan-change.ts';

/** What a planned change would make of one cluster. */
export interface ClusterPreview {
  readonly loaded: LoadedCluster;
  readonly composition: Composition;
  /** Objects that could not be rendered for it, and why: it would keep what it holds of their policies. */
  readonly unrendered: RenderedAssignments['unrendered'];
  /** By hash, of what was rendered for it. */
  readonly bodies: ReadonlyMap<string, KubeObject>;
}

/** Desired states that are composed at a time. */
const TOGETHER = 20;

/** The same composition as the reconciler's, from the same rows, with the change in place of what the policy is now. */
export function previewOfCluster(scope: RequestScope, plan: PreviewPlan, clusterId: string): Promise<ClusterPreview | undefined> {
  return scope.loader<string, ClusterPreview | undefined>(plan.name, (tx, ids) => composeAll(tx, plan, ids), String, TOGETHER).load(clusterId);
}

/** {@link previewOfCluster} for several clusters, remembered nowhere; undefined for those that hold nothing. */
export async function composeAll(tx: Tx, plan: PreviewPlan, clusterIds: readonly string[]): Promise<(ClusterPreview | undefined)[]> {
  const selected = new Set(plan.touched.filter((cluster) => cluster.selected).map(({ id }) => id));
  return composeEach(tx, clusterIds, (cluster) => assignmentsOf(cluster, plan, selected.has(cluster.id) ? plan.assignment : null), plan.bodies);
}

/** The same without any change: what clusters would hold if what is assigned to them now were composed. */
export function composeAsIs(tx: Tx, clusterIds: readonly string[]): Promise<(ClusterPreview | undefined)[]> {
  return composeEach(tx, clusterIds, ({ assignments }) => assignments, new Map());
}

async function composeEach(
  tx: Tx,
  clusterIds: readonly string[],
  assigned: (cluster: LoadedCluster) => readonly LoadedAssignment[],
  templates: ReadonlyMap<string, KubeObject>,
): Promise<(ClusterPreview | undefined)[]> {
  const planned = (await readClusters(tx, clusterIds)).map((cluster) => ({ ...cluster, assignments: assigned(cluster) }));
  const rendered = await renderAssignments(tx, planned, { catalogue: knownKinds, options: { manages: MANAGED }, keep: false, templates });
  const previews = new Map(rendered.map((each) => [each.cluster.id, compose(each)]));
  return clusterIds.map((id) => previews.get(id));
}

function assignmentsOf({ assignments }: LoadedCluster, { policyId }: PreviewPlan, planned: LoadedAssignment | null): LoadedAssignment[] {
  const others = assignments.filter((each) => each.policyId !== policyId);
  return planned === null ? others : [...others, planned];
}

function compose({ cluster: loaded, assignments, unrendered, bodies }: RenderedAssignments): ClusterPreview {
  const composition = composeDesiredState({
    assignments,
    previous: loaded.previous,
    acknowledged: loaded.ackedEpoch === loaded.epoch && loaded.ackedRevision >= loaded.revision,
    failedKeys: new Set(loaded.conditions.filter(({ status }) => status === 'FAILED').map(({ key }) => key)),
    features: loaded.features,
    bodies,
  });
  return { loaded, composition, unrendered: [...unrendered, ...composition.withheld], bodies: new Map([...bodies, ...composition.merged]) };
}

/** Bodies of everything that would differ: from the change itself, or as they are stored. */
export async function changedBodies(scope: RequestScope, plan: PreviewPlan, { loaded, composition, bodies: rendered }: ClusterPreview): Promise<ReadonlyMap<string, KubeObject>> {
  const hashes = changedHashes(loaded.previous.state, composition.state);
  const bodies = await Promise.all(hashes.map(async (hash) => [hash, rendered.get(hash) ?? plan.bodies.get(hash) ?? (await objectContent(scope, hash))] as const));
  return new Map(bodies.filter((entry): entry is [string, KubeObject] => entry[1] !== undefined));
}
