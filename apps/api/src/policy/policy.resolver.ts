import { Mutation, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { findPolicyByName, type PolicyClusterStatus } from '@meshfleet/store';
import type { ConnectionArgs } from '../graphql/connection.ts';
import type { GraphqlContext } from '../graphql/context.ts';
import { parseGlobalId } from '../graphql/global-id.ts';
import { notOneName } from '../graphql/id-or-name.ts';
import { mutate } from '../graphql/mutate.ts';
import { userErrorOf, type UserError } from '../graphql/user-error.ts';
import { batchedConnection } from '../request/batched-list.ts';
import { activeRolloutOf, rolloutById, rolloutsOfPolicy } from '../rollout/rollout-loaders.ts';
import { rolloutView, type RolloutView } from '../rollout/rollout-view.ts';
import { applyPolicy, type AppliedPolicy } from './apply-policy.ts';
import { checkPolicy } from './check-policy.ts';
import { deletePolicy } from './delete-policy.ts';
import { diffVersions } from './diff-versions.ts';
import { explainPlacement } from './explain-placement.ts';
import { clusterPolicyView } from './policy-cluster-view.ts';
import { clustersOfPolicy, policyById, policySummary, policyVersion, versionsOfPolicy } from './policy-loaders.ts';
import { policyVersionView, policyView, type PolicyVersionView, type PolicyView } from './policy-view.ts';
import { renderForCluster } from './render-for-cluster.ts';
import { rollBackPolicy } from './roll-back-policy.ts';

@Resolver('Policy')
export class PolicyResolver {
  @Query()
  async policy(_root: unknown, args: { id?: string | null; name?: string | null }, { scope }: GraphqlContext) {
    const { id, name } = args;
    if (typeof id === 'string' && typeof name !== 'string') {
      const parsed = parseGlobalId(id);
      const row = parsed?.type === 'Policy' ? await policyById(scope, parsed.id) : undefined;
      return row === undefined ? null : policyView(row);
    }
    if (typeof name !== 'string' || typeof id === 'string') throw notOneName('policy', { id, name });
    const row = await findPolicyByName(await scope.read(), name);
    return row === undefined ? null : policyView(row);
  }

  @Query()
  policyCheck(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return checkPolicy(context, args.input);
  }

  @ResolveField()
  async currentVersion({ row }: PolicyView, _args: unknown, { scope }: GraphqlContext) {
    const version = await policyVersion(scope, { policyId: row.id, version: row.currentVersion });
    return version === undefined ? null : policyVersionView(version);
  }

  @ResolveField()
  async stableVersion({ row }: PolicyView, _args: unknown, { scope }: GraphqlContext) {
    const version = row.stableVersion === 0 ? undefined : await policyVersion(scope, { policyId: row.id, version: row.stableVersion });
    return version === undefined ? null : policyVersionView(version);
  }

  @ResolveField()
  async activeRollout({ row }: PolicyView, _args: unknown, { scope }: GraphqlContext) {
    const rollout = await activeRolloutOf(scope, row.id);
    return rollout === undefined ? null : rolloutView(rollout);
  }

  @ResolveField()
  rollouts({ row }: PolicyView, args: ConnectionArgs, { scope }: GraphqlContext) {
    return batchedConnection(scope, rolloutsOfPolicy, row.id, args, {}, rolloutView);
  }

  @ResolveField()
  versions({ row }: PolicyView, args: ConnectionArgs, { scope }: GraphqlContext) {
    return batchedConnection(scope, versionsOfPolicy, row.id, args, {}, policyVersionView);
  }

  @ResolveField()
  clusters({ row }: PolicyView, args: ConnectionArgs & { status?: PolicyClusterStatus[] | null }, { scope }: GraphqlContext) {
    const filter = args.status === null || args.status === undefined ? {} : { status: args.status };
    return batchedConnection(scope, clustersOfPolicy, row.id, args, filter, clusterPolicyView);
  }

  @ResolveField()
  placementOf({ row }: PolicyView, { cluster }: { cluster: string }, { scope }: GraphqlContext) {
    return explainPlacement(scope, row, cluster);
  }

  @ResolveField()
  summary({ row }: PolicyView, _args: unknown, { scope }: GraphqlContext) {
    return policySummary(scope, row.id);
  }

  @Mutation()
  async policyApply(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    const { answer, userErrors } = await mutate(context, applyPolicy, args.input);
    return appliedPayload(answer, userErrors);
  }

  @Mutation()
  async policyRollBack(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    const { answer, userErrors } = await mutate(context, rollBackPolicy, args.input);
    return appliedPayload(answer, userErrors);
  }

  @Mutation()
  async policyDelete(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    const { answer, userErrors } = await mutate(context, deletePolicy, args.input);
    return { policyId: answer?.policyId, rolloutId: answer?.rolloutId, warnings: (answer?.warnings ?? []).map(userErrorOf), analysis: answer?.analysis ?? null, userErrors };
  }
}

/** Where a mutation leaves its policy to be read, if it is asked for: not before, since that takes another transaction. */
interface PolicyPayload {
  readonly policyId: string | undefined;
  readonly rolloutId: string | undefined;
}

function appliedPayload(answer: AppliedPolicy | undefined, userErrors: readonly UserError[]) {
  return {
    policyId: answer?.policyId,
    rolloutId: answer?.rolloutId,
    changed: answer?.changed ?? false,
    warnings: (answer?.warnings ?? []).map(userErrorOf),
    analysis: answer?.analysis ?? null,
    userErrors,
  };
}

async function rolloutOf({ rolloutId }: PolicyPayload, { scope }: GraphqlContext): Promise<RolloutView | null> {
  const row = rolloutId === undefined ? undefined : await rolloutById(scope, rolloutId);
  return row === undefined ? null : rolloutView(row);
}

async function policyOf({ policyId }: PolicyPayload, _args: unknown, { scope }: GraphqlContext): Promise<PolicyView | null> {
  const row = policyId === undefined ? undefined : await policyById(scope, policyId);
  return row === undefined ? null : policyView(row);
}

@Resolver('PolicyApplyPayload')
export class PolicyApplyPayloadResolver {
  @ResolveField()
  policy(payload: PolicyPayload, args: unknown, context: GraphqlContext) {
    return policyOf(payload, args, context);
  }

  @ResolveField()
  rollout(payload: PolicyPayload, _args: unknown, context: GraphqlContext) {
    return rolloutOf(payload, context);
  }
}

@Resolver('PolicyDeletePayload')
export class PolicyDeletePayloadResolver {
  @ResolveField()
  policy(payload: PolicyPayload, args: unknown, context: GraphqlContext) {
    return policyOf(payload, args, context);
  }

  @ResolveField()
  rollout(payload: PolicyPayload, _args: unknown, context: GraphqlContext) {
    return rolloutOf(payload, context);
  }
}

@Resolver('PolicyVersion')
export class PolicyVersionResolver {
  @ResolveField()
  rendered({ row }: PolicyVersionView, { cluster }: { cluster: string }, { scope }: GraphqlContext) {
    return renderForCluster(scope, row, cluster);
  }

  @ResolveField()
  diff({ row }: PolicyVersionView, { against }: { against?: number | null }, { scope }: GraphqlContext) {
    return diffVersions(scope, row, typeof against === 'number' ? against : row.version - 1);
  }
}
