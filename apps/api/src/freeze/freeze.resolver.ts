import type { ErrorEnvelope } from '@meshfleet/model';
import { Mutation, Resolver } from '@nestjs/graphql';
import type { GraphqlContext } from '../graphql/context.ts';
import { mutate, type Mutated } from '../graphql/mutate.ts';
import { userErrorOf } from '../graphql/user-error.ts';
import { createFreeze } from './create-freeze.ts';
import { endFreeze } from './end-freeze.ts';
import { freezeById, freezeView } from './freeze-view.ts';

@Resolver('Freeze')
export class FreezeResolver {
  @Mutation()
  async freezeCreate(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return payloadOf(context, await mutate(context, createFreeze, args.input));
  }

  @Mutation()
  async freezeEnd(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    return payloadOf(context, await mutate(context, endFreeze, args.input));
  }
}

async function payloadOf({ scope }: GraphqlContext, { answer, userErrors }: Mutated<{ readonly freezeId: string; readonly warnings?: readonly ErrorEnvelope[] }>) {
  const row = answer === undefined ? undefined : await freezeById(scope, answer.freezeId);
  return { freeze: row === undefined ? null : freezeView(row), warnings: (answer?.warnings ?? []).map(userErrorOf), userErrors };
}
