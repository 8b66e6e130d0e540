import { ResolveField, Resolver } from '@nestjs/graphql';
import type { Share } from '@meshfleet/planner';
import type { GraphqlContext } from '../graphql/context.ts';
import { policyById } from '../policy/policy-loaders.ts';
import { policyView } from '../policy/policy-view.ts';

/** What one policy has of an object, as GraphQL's type ObjectShare. */
export interface ObjectShareView {
  readonly key: string;
  readonly share: Share;
}

@Resolver('ObjectShare')
export class ObjectShareResolver {
  /** Null for a policy that a preview is about and that is not there yet. */
  @ResolveField()
  async policy({ share }: ObjectShareView, _args: unknown, { scope }: GraphqlContext) {
    const policy = await policyById(scope, share.policyId);
    return policy === undefined ? null : policyView(policy);
  }

  @ResolveField()
  fields({ share }: ObjectShareView) {
    return share.fields;
  }
}
