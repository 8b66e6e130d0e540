import { ResolveField, Resolver } from '@nestjs/graphql';
import type { GraphqlContext } from '../graphql/context.ts';
import type { CheckedPolicy } from './check-policy.ts';
import { renderForCluster } from './render-for-cluster.ts';

/** What a policy that nobody has applied yet would say in one cluster. */
@Resolver('PolicyCheckPayload')
export class PolicyCheckPayloadResolver {
  @ResolveField()
  rendered({ checked }: CheckedPolicy, { cluster }: { cluster: string }, { scope }: GraphqlContext) {
    if (checked === undefined || checked.read.problems.length > 0) return null;
    const { variables, patches, read } = checked;
    return renderForCluster(scope, { variables, patches, objects: read.objects, inputs: read.inputs }, cluster);
  }
}
