import { Inject } from '@nestjs/common';
import { Query, ResolveField, Resolver } from '@nestjs/graphql';
import { nextStep } from '@meshfleet/planner';
import type { ObjectClaim, ObjectRevision, Store } from '@meshfleet/store';
import { TaskAnswers } from '../agent-task/task-answers.ts';
import { findingsOfCluster } from '../analysis/findings-of-cluster.ts';
import { clusterById } from '../cluster/cluster-loaders.ts';
import { clusterView } from '../cluster/cluster-view.ts';
import { conditionView } from '../cluster/condition-view.ts';
import { objectContent } from '../desired-state/desired-state-loaders.ts';
import { unifiedDiff, yamlOf } from '../desired-state/diff-states.ts';
import type { GraphqlContext } from '../graphql/context.ts';
import { parseGlobalId } from '../graphql/global-id.ts';
import { policyById } from '../policy/policy-loaders.ts';
import { policyView } from '../policy/policy-view.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { STORE } from '../tokens.ts';
import { checkKey } from './check-key.ts';
import { appliedOf, inspectObject, placementOf, stepsOf, type ObjectInspection } from './inspect-object.ts';
import { lookAtLive } from './live-object.ts';

@Resolver('ObjectInspection')
export class ObjectInspectionResolver {
  readonly #store: Store;
  readonly #answers: TaskAnswers;

  constructor(@Inject(STORE) store: Store, @Inject(TaskAnswers) answers: TaskAnswers) {
    this.#store = store;
    this.#answers = answers;
  }

  @Query()
  async objectInspection(_root: unknown, { clusterId, key }: { clusterId: string; key: string }, { scope }: GraphqlContext): Promise<ObjectInspection | null> {
    checkKey(key);
    const id = parseGlobalId(clusterId);
    const cluster = id?.type === 'Cluster' ? await clusterById(scope, id.id) : undefined;
    return cluster === undefined ? null : inspectObject(scope, cluster, key, new Date());
  }

  @ResolveField()
  cluster({ cluster }: ObjectInspection) {
    return clusterView(cluster);
  }

  @ResolveField()
  async policy({ claim }: ObjectInspection, _args: unknown, { scope }: GraphqlContext) {
    return claim === null ? null : policyOf(scope, claim.policyId);
  }

  @ResolveField()
  version({ claim }: ObjectInspection) {
    return claim?.assignedVersion ?? null;
  }

  @ResolveField()
  expiresAt({ claim }: ObjectInspection) {
    return claim?.expiresAt ?? null;
  }

  @ResolveField()
  because({ placement }: ObjectInspection) {
    return placement?.because ?? null;
  }

  @ResolveField()
  claims({ claims, cluster, claim: holder, shares }: ObjectInspection): ObjectClaimView[] {
    const fieldsOf = new Map(shares.map(({ policyId, fields }) => [policyId, fields]));
    return claims.map((claim) => {
      const fields = fieldsOf.get(claim.policyId) ?? null;
      return { claim, ...placementOf(claim, cluster), holds: claim.assignedVersion !== null && (fields !== null || claim.policyId === holder?.policyId), fields };
    });
  }

  @ResolveField()
  async manifest({ hash }: ObjectInspection, _args: unknown, { scope }: GraphqlContext) {
    return hash === null ? null : ((await objectContent(scope, hash)) ?? null);
  }

  @ResolveField()
  condition({ condition }: ObjectInspection) {
    return condition === null ? null : conditionView(condition);
  }

  @ResolveField()
  steps(inspection: ObjectInspection, _args: unknown, { scope }: GraphqlContext) {
    return stepsOf(scope, inspection, new Date());
  }

  @ResolveField()
  async next(inspection: ObjectInspection, _args: unknown, { scope }: GraphqlContext) {
    return nextStep(await stepsOf(scope, inspection, new Date())) ?? null;
  }

  @ResolveField()
  async findings({ cluster, key }: ObjectInspection, _args: unknown, { scope }: GraphqlContext) {
    return (await findingsOfCluster(scope, cluster.id, new Date())).filter(({ object, related }) => object === key || related?.includes(key) === true);
  }

  @ResolveField()
  history({ history }: ObjectInspection): ObjectChangeView[] {
    return history.map((revision, index) => ({ revision, before: history[index + 1] ?? null }));
  }

  @ResolveField()
  live({ cluster, key, look }: ObjectInspection, _args: unknown, { scope }: GraphqlContext) {
    look.live ??= lookAtLive({ store: this.#store, answers: this.#answers }, scope, cluster.id, key);
    return look.live;
  }

  @ResolveField()
  async appliedAt(inspection: ObjectInspection, _args: unknown, { scope }: GraphqlContext) {
    return (await appliedOf(scope, inspection))?.at ?? null;
  }

  @ResolveField()
  async appliedRevision(inspection: ObjectInspection, _args: unknown, { scope }: GraphqlContext) {
    return (await appliedOf(scope, inspection))?.revision ?? null;
  }
}

interface ObjectClaimView {
  readonly claim: ObjectClaim;
  readonly selected: boolean;
  readonly because: string;
  readonly holds: boolean;
  readonly fields: readonly string[] | null;
}

@Resolver('ObjectClaim')
export class ObjectClaimResolver {
  @ResolveField()
  policy({ claim }: ObjectClaimView, _args: unknown, { scope }: GraphqlContext) {
    return policyOf(scope, claim.policyId);
  }

  @ResolveField()
  version({ claim }: ObjectClaimView) {
    return claim.assignedVersion;
  }

  @ResolveField()
  expiresAt({ claim }: ObjectClaimView) {
    return claim.expiresAt;
  }
}

interface ObjectChangeView {
  readonly revision: ObjectRevision;
  /** The change before this one, as far as it is kept. */
  readonly before: ObjectRevision | null;
}

@Resolver('ObjectChange')
export class ObjectChangeResolver {
  @ResolveField()
  revision({ revision }: ObjectChangeView) {
    return revision.revision;
  }

  @ResolveField()
  createdAt({ revision }: ObjectChangeView) {
    return revision.createdAt;
  }

  @ResolveField()
  change({ revision, before }: ObjectChangeView) {
    if (revision.hash === null) return 'REMOVED';
    if (before === null || before.hash === null) return 'ADDED';
    return revision.hash === before.hash ? 'HANDED_OVER' : 'CHANGED';
  }

  @ResolveField()
  actors({ revision }: ObjectChangeView) {
    return [...new Set(revision.causes.map(({ actor }) => actor))];
  }

  @ResolveField()
  async policy({ revision, before }: ObjectChangeView, _args: unknown, { scope }: GraphqlContext) {
    const policyId = revision.policyId ?? before?.policyId ?? null;
    return policyId === null ? null : policyOf(scope, policyId);
  }

  @ResolveField()
  async diff({ revision, before }: ObjectChangeView, _args: unknown, { scope }: GraphqlContext) {
    const text = async (hash: string | null): Promise<string> => {
      const object = hash === null ? undefined : await objectContent(scope, hash);
      return object === undefined ? '' : yamlOf(object);
    };
    const [was, is] = await Promise.all([text(before?.hash ?? null), text(revision.hash)]);
    return unifiedDiff('object', was, is);
  }
}

async function policyOf(scope: RequestScope, policyId: string) {
  const row = await policyById(scope, policyId);
  return row === undefined ? null : policyView(row);
}
