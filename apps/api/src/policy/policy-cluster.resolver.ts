import { ResolveField, Resolver } from '@nestjs/graphql';
import { clusterById } from '../cluster/cluster-loaders.ts';
import { clusterView } from '../cluster/cluster-view.ts';
import { conditionView } from '../cluster/condition-view.ts';
import type { GraphqlContext } from '../graphql/context.ts';
import type { ClusterPolicyView } from './policy-cluster-view.ts';
import { conditionsOfPair, policyById } from './policy-loaders.ts';
import { policyView } from './policy-view.ts';

/** How far one policy is in one cluster, seen from the policy. */
@Resolver('PolicyCluster')
export class PolicyClusterResolver {
  @ResolveField()
  async cluster({ row }: ClusterPolicyView, _args: unknown, { scope }: GraphqlContext) {
    const cluster = await clusterById(scope, row.clusterId);
    return cluster === undefined ? null : clusterView(cluster);
  }

  @ResolveField()
  async conditions({ row }: ClusterPolicyView, _args: unknown, { scope }: GraphqlContext) {
    return (await conditionsOfPair(scope, row)).map(conditionView);
  }
}

/** The same, seen from the cluster. */
@Resolver('ClusterPolicy')
export class ClusterPolicyResolver {
  @ResolveField()
  async policy({ row }: ClusterPolicyView, _args: unknown, { scope }: GraphqlContext) {
    const policy = await policyById(scope, row.policyId);
    return policy === undefined ? null : policyView(policy);
  }

  @ResolveField()
  async conditions({ row }: ClusterPolicyView, _args: unknown, { scope }: GraphqlContext) {
    return (await conditionsOfPair(scope, row)).map(conditionView);
  }
}
