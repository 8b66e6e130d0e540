import { Mutation, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { ClusterPhase } from '@meshfleet/planner';
import { clusterById } from '../cluster/cluster-loaders.ts';
import { clusterView } from '../cluster/cluster-view.ts';
import type { ConnectionArgs } from '../graphql/connection.ts';
import type { GraphqlContext } from '../graphql/context.ts';
import { mutate, type Mutated } from '../graphql/mutate.ts';
import { policyById, policyVersion } from '../policy/policy-loaders.ts';
import { policyVersionView, policyView } from '../policy/policy-view.ts';
import { batchedConnection } from '../request/batched-list.ts';
import { abortRollout, approveRollout, pauseRollout, promoteRollout, resumeRollout, type CommandedRollout } from './command-rollout.ts';
import { previewRolloutOf } from './preview-rollout.ts';
import { clustersOfRollout, eventsOfRollout, forecastOf, rolloutById, tallyOf } from './rollout-loaders.ts';
import { date, rolloutClusterView, rolloutEventView, rolloutView, waveViews, type RolloutClusterView, type RolloutView, type RolloutWaveView } from './rollout-view.ts';

type ClusterArgs = ConnectionArgs & { readonly phase?: ClusterPhase[] | null };

@Resolver('Rollout')
export class RolloutResolver {
  @Query()
  rolloutPreview(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return previewRolloutOf(context, args.input);
  }

  @ResolveField()
  async policy({ row }: RolloutView, _args: unknown, { scope }: GraphqlContext) {
    const policy = await policyById(scope, row.policyId);
    return policy === undefined ? null : policyView(policy);
  }

  @ResolveField()
  async version({ row }: RolloutView, _args: unknown, { scope }: GraphqlContext) {
    const version = row.version === null ? undefined : await policyVersion(scope, { policyId: row.policyId, version: row.version });
    return version === undefined ? null : policyVersionView(version);
  }

  @ResolveField()
  async waves({ row }: RolloutView, _args: unknown, { scope }: GraphqlContext) {
    return waveViews(row, await tallyOf(scope, row.id));
  }

  @ResolveField()
  clusters({ row }: RolloutView, args: ClusterArgs, { scope }: GraphqlContext) {
    return batchedConnection(scope, clustersOfRollout, row.id, args, phaseFilter(args), rolloutClusterView);
  }

  @ResolveField()
  timeline({ row }: RolloutView, args: ConnectionArgs, { scope }: GraphqlContext) {
    return batchedConnection(scope, eventsOfRollout, row.id, args, {}, rolloutEventView);
  }

  @ResolveField()
  async forecast({ row }: RolloutView, _args: unknown, { scope }: GraphqlContext) {
    const { waves, doneAt, assumptions } = await forecastOf(scope, row, new Date());
    return {
      doneAt: date(doneAt),
      waves: waves.flatMap((wave, index) => (wave === null ? [] : [{ index, beginsAt: date(wave.beginsAt), doneAt: date(wave.doneAt) }])),
      assumptions,
    };
  }

  @Mutation()
  async rolloutPause(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return payloadOf(context, await mutate(context, pauseRollout, args.input));
  }

  @Mutation()
  async rolloutResume(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return payloadOf(context, await mutate(context, resumeRollout, args.input));
  }

  @Mutation()
  async rolloutPromote(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return payloadOf(context, await mutate(context, promoteRollout, args.input));
  }

  @Mutation()
  async rolloutApprove(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return payloadOf(context, await mutate(context, approveRollout, args.input));
  }

  @Mutation()
  async rolloutAbort(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return payloadOf(context, await mutate(context, abortRollout, args.input));
  }
}

@Resolver('RolloutWave')
export class RolloutWaveResolver {
  @ResolveField()
  clusters({ rolloutId, index }: RolloutWaveView, args: ClusterArgs, { scope }: GraphqlContext) {
    return batchedConnection(scope, clustersOfRollout, rolloutId, args, { wave: index, ...phaseFilter(args) }, rolloutClusterView);
  }
}

@Resolver('RolloutCluster')
export class RolloutClusterResolver {
  @ResolveField()
  async cluster({ row }: RolloutClusterView, _args: unknown, { scope }: GraphqlContext) {
    const cluster = await clusterById(scope, row.clusterId);
    return cluster === undefined ? null : clusterView(cluster);
  }
}

async function payloadOf({ scope }: GraphqlContext, { answer, userErrors }: Mutated<CommandedRollout>) {
  const row = answer === undefined ? undefined : await rolloutById(scope, answer.rolloutId);
  return { rollout: row === undefined ? null : rolloutView(row), changed: answer?.changed ?? false, userErrors };
}

function phaseFilter({ phase }: ClusterArgs): { readonly phase?: readonly ClusterPhase[] } {
  return phase === null || phase === undefined ? {} : { phase };
}
