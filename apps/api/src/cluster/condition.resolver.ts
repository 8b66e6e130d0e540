import { ResolveField, Resolver } from '@nestjs/graphql';
import type { GraphqlContext } from '../graphql/context.ts';
import { policyById } from '../policy/policy-loaders.ts';
import { policyView } from '../policy/policy-view.ts';
import { clusterById } from './cluster-loaders.ts';
import { clusterView } from './cluster-view.ts';
import type { ConditionView } from './condition-view.ts';

@Resolver('ObjectCondition')
export class ObjectConditionResolver {
  @ResolveField()
  async cluster({ row }: ConditionView, _args: unknown, { scope }: GraphqlContext) {
    const cluster = await clusterById(scope, row.clusterId);
    return cluster === undefined ? null : clusterView(cluster);
  }

  @ResolveField()
  async policy({ row }: ConditionView, _args: unknown, { scope }: GraphqlContext) {
    const policy = await policyById(scope, row.policyId);
    return policy === undefined ? null : policyView(policy);
  }
}
