import { Mutation, Resolver } from '@nestjs/graphql';
import type { GraphqlContext } from '../graphql/context.ts';
import { mutate } from '../graphql/mutate.ts';
import { createJoinToken } from './create-join-token.ts';
import { joinTokenView } from './join-token-view.ts';
import { joinTokenById } from './list-join-tokens.ts';
import { revokeJoinToken } from './revoke-join-token.ts';

@Resolver('JoinToken')
export class JoinTokenResolver {
  @Mutation()
  async joinTokenCreate(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    let secret: string | null = null;
    const useCase = createJoinToken((made) => {
      secret = made;
    });
    const { answer, userErrors } = await mutate(context, useCase, args.input);
    return { joinToken: await viewOf(context, answer), secret: answer === undefined ? null : secret, userErrors };
  }

  @Mutation()
  async joinTokenRevoke(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    const { answer, userErrors } = await mutate(context, revokeJoinToken, args.input);
    return { joinToken: await viewOf(context, answer), userErrors };
  }
}

async function viewOf({ scope }: GraphqlContext, answer: { joinTokenId: string } | undefined) {
  const row = answer === undefined ? undefined : await joinTokenById(scope, answer.joinTokenId);
  return row === undefined ? null : joinTokenView(row, new Date());
}
