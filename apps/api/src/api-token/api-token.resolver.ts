import { Mutation, Resolver } from '@nestjs/graphql';
import type { GraphqlContext } from '../graphql/context.ts';
import { mutate } from '../graphql/mutate.ts';
import { apiTokenById, apiTokenView } from './api-token-view.ts';
import { createApiToken } from './create-api-token.ts';
import { revokeApiToken } from './revoke-api-token.ts';

@Resolver('ApiToken')
export class ApiTokenResolver {
  @Mutation()
  async apiTokenCreate(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    let secret: string | null = null;
    const useCase = createApiToken((made) => {
      secret = made;
    });
    const { answer, userErrors } = await mutate(context, useCase, args.input);
    return { apiToken: await viewOf(context, answer), secret: answer === undefined ? null : secret, userErrors };
  }

  @Mutation()
  async apiTokenRevoke(_root: unknown, args: { input: unknown }, context: GraphqlContext) {
    const { answer, userErrors } = await mutate(context, revokeApiToken, args.input);
    return { apiToken: await viewOf(context, answer), userErrors };
  }
}

async function viewOf({ scope }: GraphqlContext, answer: { apiTokenId: string } | undefined) {
  const row = answer === undefined ? undefined : await apiTokenById(scope, answer.apiTokenId);
  return row === undefined ? null : apiTokenView(row);
}
