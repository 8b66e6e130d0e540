import { Inject } from '@nestjs/common';
import { Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Store, TouchedCluster } from '@meshfleet/store';
import { TaskAnswers } from '../agent-task/task-answers.ts';
import { userErrorOf } from '../graphql/user-error.ts';
import { clusterById } from '../cluster/cluster-loaders.ts';
import { clusterView } from '../cluster/cluster-view.ts';
import { diffKeys, diffStates, type ObjectDiff } from '../desired-state/diff-states.ts';
import type { ObjectShareView } from '../desired-state/object-share.resolver.ts';
import { connectionOf, pageOf, type ConnectionArgs } from '../graphql/connection.ts';
import type { GraphqlContext } from '../graphql/context.ts';
import { policyById } from '../policy/policy-loaders.ts';
import { policyView } from '../policy/policy-view.ts';
import { sliceByKey } from '../desired-state/slice-by-key.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { blastRadiusOf } from './blast-radius-of-preview.ts';
import { conflictsOf, type PreviewConflict } from './conflicts-of-preview.ts';
import { dryRun } from './dry-run-preview.ts';
import { findingsOf } from './findings-of-preview.ts';
import { STORE } from '../tokens.ts';
import { fateOfObject, type ObjectOfCluster } from '../planned-change/fate-of-object.ts';
import type { PreviewPlan } from '../planned-change/plan-change.ts';
import { inArgument, planPreview, type PlannedPreview } from './plan-preview.ts';
import { changedBodies, previewOfCluster } from '../planned-change/preview-clusters.ts';
import { refusalsOfPreview } from './refusals-of-preview.ts';
import { summarizePreview } from './summarize-preview.ts';

/** Nothing would be done: the input is not accepted. */
const NOTHING = { clusters: 0, changedClusters: 0, addedObjects: 0, changedObjects: 0, removedObjects: 0, namespaces: 0, workloads: 0, services: 0, complete: true };

@Resolver('PolicyPreview')
export class PolicyPreviewResolver {
  @Query()
  policyPreview(_root: unknown, args: { apply?: unknown; delete?: unknown; rollBack?: unknown }, context: GraphqlContext): Promise<PlannedPreview> {
    return planPreview(context, args);
  }

  @ResolveField()
  clusters({ change }: PlannedPreview, args: ConnectionArgs) {
    const page = pageOf(args, ['string']);
    const touched = (change?.plan.touched ?? []).map((cluster) => ({ ...cluster, key: cluster.name }));
    const view = (cluster: TouchedCluster): PreviewClusterView => ({ plan: change?.plan as PreviewPlan, cluster }); // without a plan nobody is touched
    return connectionOf(sliceByKey(touched, page), ({ name }) => [name], view, () => Promise.resolve(touched.length));
  }

  @ResolveField()
  async refusals({ change }: PlannedPreview, _args: unknown, { scope }: GraphqlContext) {
    return change === null ? [] : inArgument(change.argument, (await refusalsOfPreview(scope, change, new Date())).map(userErrorOf));
  }

  @ResolveField()
  totals({ change }: PlannedPreview, _args: unknown, { scope }: GraphqlContext) {
    return change === null ? NOTHING : summarizePreview(scope, change.plan);
  }
}

interface PreviewClusterView {
  readonly plan: PreviewPlan;
  readonly cluster: TouchedCluster;
}

@Resolver('PolicyPreviewCluster')
export class PolicyPreviewClusterResolver {
  readonly #store: Store;
  readonly #answers: TaskAnswers;

  constructor(@Inject(STORE) store: Store, @Inject(TaskAnswers) answers: TaskAnswers) {
    this.#store = store;
    this.#answers = answers;
  }

  @ResolveField()
  async cluster({ cluster }: PreviewClusterView, _args: unknown, { scope }: GraphqlContext) {
    const row = await clusterById(scope, cluster.id);
    return row === undefined ? null : clusterView(row);
  }

  @ResolveField()
  selected({ cluster }: PreviewClusterView) {
    return cluster.selected;
  }

  @ResolveField()
  async changed(view: PreviewClusterView, _args: unknown, { scope }: GraphqlContext) {
    return (await composed(scope, view))?.composition.changed ?? false;
  }

  @ResolveField()
  async diff(view: PreviewClusterView, _args: unknown, { scope }: GraphqlContext) {
    const preview = await composed(scope, view);
    if (preview === undefined) return { added: [], changed: [], removed: [] };
    const bodies = await changedBodies(scope, view.plan, preview);
    const { added, changed, removed } = diffStates(preview.loaded.previous.state, preview.composition.state, (hash) => bodies.get(hash));
    return { added, changed, removed: removed.map((object): RemovedObjectView => ({ ...object, clusterId: preview.loaded.id })) };
  }

  @ResolveField()
  async shares(view: PreviewClusterView, _args: unknown, { scope }: GraphqlContext): Promise<ObjectShareView[]> {
    const preview = await composed(scope, view);
    if (preview === undefined) return [];
    const { added, changed } = diffKeys(preview.loaded.previous.state, preview.composition.state);
    const shown = new Set([...added, ...changed]);
    return preview.composition.shares.flatMap(([key, shares]) => (shown.has(key) ? shares.map((share) => ({ key, share })) : []));
  }

  @ResolveField()
  async unrendered(view: PreviewClusterView, _args: unknown, { scope }: GraphqlContext) {
    return ((await composed(scope, view))?.unrendered ?? []).filter(({ policyId }) => policyId === view.plan.policyId);
  }

  @ResolveField()
  async conflicts(view: PreviewClusterView, _args: unknown, { scope }: GraphqlContext) {
    const preview = await composed(scope, view);
    return preview === undefined ? [] : conflictsOf(scope, view.plan, preview);
  }

  @ResolveField()
  async blastRadius(view: PreviewClusterView, _args: unknown, { scope }: GraphqlContext) {
    const preview = await composed(scope, view);
    return preview === undefined ? { namespaces: [], workloads: [], services: [] } : blastRadiusOf(scope, view.plan, preview);
  }

  @ResolveField()
  async findings(view: PreviewClusterView, _args: unknown, { scope }: GraphqlContext) {
    const preview = await composed(scope, view);
    return preview === undefined ? { introduced: [], resolved: [], atEnd: [] } : findingsOf(scope, view.plan, preview, new Date());
  }

  @ResolveField()
  async dryRun(view: PreviewClusterView, _args: unknown, { scope }: GraphqlContext) {
    const preview = await composed(scope, view);
    if (preview === undefined) return { objects: [], left: 0, warnings: [], error: null };
    return dryRun({ store: this.#store, answers: this.#answers }, scope, view.plan, preview);
  }
}

type RemovedObjectView = ObjectDiff & ObjectOfCluster;

@Resolver('RemovedObject')
export class RemovedObjectResolver {
  @ResolveField()
  fate(object: RemovedObjectView, _args: unknown, { scope }: GraphqlContext) {
    return fateOfObject(scope, object);
  }
}

@Resolver('PolicyPreviewConflict')
export class PolicyPreviewConflictResolver {
  @ResolveField()
  async policy({ policyId }: PreviewConflict, _args: unknown, { scope }: GraphqlContext) {
    const row = policyId === null ? undefined : await policyById(scope, policyId);
    return row === undefined ? null : policyView(row);
  }
}

function composed(scope: RequestScope, { plan, cluster }: PreviewClusterView) {
  return previewOfCluster(scope, plan, cluster.id);
}
