import { Mutation, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { GitopsTool } from '@meshfleet/planner';
import { findClusterByName } from '@meshfleet/store';
import type { ConnectionArgs } from '../graphql/connection.ts';
import type { GraphqlContext } from '../graphql/context.ts';
import { ignoreRulesOfCluster } from '../gitops/ignore-rules-of-cluster.ts';
import { parseGlobalId, rowId } from '../graphql/global-id.ts';
import { notOneName } from '../graphql/id-or-name.ts';
import { mutate, type UseCase } from '../graphql/mutate.ts';
import { desiredStateOf, desiredStateView } from '../desired-state/desired-state-view.ts';
import { clusterPolicyView } from '../policy/policy-cluster-view.ts';
import { conditionView } from './condition-view.ts';
import { batchedConnection } from '../request/batched-list.ts';
import type { z } from 'zod';
import { approveClusterDeletions } from './approve-deletions.ts';
import { approveCluster, evictCluster, quarantineCluster, releaseCluster } from './change-lifecycle.ts';
import { clusterById, conditionsOfCluster, desiredStatesOfCluster, inventoryOfCluster, policiesOfCluster } from './cluster-loaders.ts';
import { clusterView, type ClusterView } from './cluster-view.ts';
import { updateCluster } from './update-cluster.ts';

@Resolver('Cluster')
export class ClusterResolver {
  @Query()
  async cluster(_root: unknown, args: { id?: string | null; name?: string | null }, { scope }: GraphqlContext) {
    const { id, name } = args;
    if (typeof id === 'string' && typeof name !== 'string') {
      const parsed = parseGlobalId(id);
      const row = parsed?.type === 'Cluster' ? await clusterById(scope, parsed.id) : undefined;
      return row === undefined ? null : clusterView(row);
    }
    if (typeof name !== 'string' || typeof id === 'string') throw notOneName('cluster', { id, name });
    const row = await findClusterByName(await scope.read(), name);
    return row === undefined ? null : clusterView(row);
  }

  @ResolveField()
  desiredState({ row }: ClusterView, _args: unknown, { scope }: GraphqlContext) {
    return row.desiredRevision === 0 ? null : desiredStateOf(scope, row.id, row.desiredRevision);
  }

  @ResolveField()
  desiredStates({ row }: ClusterView, args: ConnectionArgs, { scope }: GraphqlContext) {
    return batchedConnection(scope, desiredStatesOfCluster, row.id, args, {}, desiredStateView);
  }

  @ResolveField()
  policies({ row }: ClusterView, args: ConnectionArgs, { scope }: GraphqlContext) {
    return batchedConnection(scope, policiesOfCluster, row.id, args, {}, clusterPolicyView);
  }

  @ResolveField()
  conditions({ row }: ClusterView, args: ConnectionArgs, { scope }: GraphqlContext) {
    return batchedConnection(scope, conditionsOfCluster, row.id, args, {}, conditionView);
  }

  @ResolveField()
  gitopsIgnoreRules({ row }: ClusterView, { tool, policyId }: { tool: GitopsTool; policyId?: string | null }, { scope }: GraphqlContext) {
    return ignoreRulesOfCluster(scope, row, tool, typeof policyId === 'string' ? rowId('Policy', policyId, ['policyId']) : undefined);
  }

  @ResolveField()
  inventory({ row }: ClusterView, args: ConnectionArgs & { kind?: string | null; namespace?: string | null }, { scope }: GraphqlContext) {
    const { kind, namespace } = args;
    const filter = { ...(typeof kind === 'string' ? { kind } : {}), ...(typeof namespace === 'string' ? { namespace } : {}) };
    return batchedConnection(scope, inventoryOfCluster, row.id, args, filter, (item) => item);
  }

  @Mutation()
  clusterApprove(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return changeCluster(context, approveCluster, args.input);
  }

  @Mutation()
  clusterUpdate(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return changeCluster(context, updateCluster, args.input);
  }

  @Mutation()
  clusterQuarantine(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return changeCluster(context, quarantineCluster, args.input);
  }

  @Mutation()
  clusterRelease(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return changeCluster(context, releaseCluster, args.input);
  }

  @Mutation()
  clusterEvict(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return changeCluster(context, evictCluster, args.input);
  }

  @Mutation()
  clusterApproveDeletions(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return changeCluster(context, approveClusterDeletions, args.input);
  }
}

async function changeCluster<S extends z.ZodType>(context: GraphqlContext, useCase: UseCase<S, { clusterId: string }>, input: unknown) {
  const { answer, userErrors } = await mutate(context, useCase, input);
  const row = answer === undefined ? undefined : await clusterById(context.scope, answer.clusterId);
  return { cluster: row === undefined ? null : clusterView(row), userErrors };
}
