import { MeshfleetError } from '@meshfleet/model';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GraphqlClient } from '../../../apps/demo/src/graphql-client.ts';
import { PATIENCE_MS } from './patience.ts';

export interface Answer {
  readonly changed?: boolean;
  readonly rollout?: { readonly id: string } | null;
  readonly freeze?: { readonly id: string } | null;
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
}

const SELECTIONS: Readonly<Record<string, string>> = {
  policyApply: 'changed rollout { id }',
  policyDelete: 'rollout { id }',
  policyRollBack: 'changed rollout { id }',
  freezeCreate: 'freeze { id }',
  freezeEnd: 'freeze { id }',
};

/** What a person is told when a change may not be made now; anything else that they are told is a mistake of ours. */
const REFUSALS = new Set(['ROLLOUT_ACTIVE', 'ROLLOUT_ENDED', 'FROZEN', 'FORBIDDEN', 'CONFLICT', 'PRECONDITION_FAILED', 'NOT_FOUND']);

/**
 * Asks for a mutation again and again with one idempotency key until the hub answers, as a person does whose hub dies under
 * them. Undefined when it was refused.
 */
export async function ask(client: GraphqlClient, mutation: string, input: object): Promise<Answer | undefined> {
  const query = `mutation ($input: ${mutation[0]?.toUpperCase() ?? ''}${mutation.slice(1)}Input!) { ${mutation}(input: $input) { ${SELECTIONS[mutation] ?? 'changed'} userErrors { code message } } }`;
  const variables = { input: { ...input, idempotencyKey: randomUUID() } };
  for (const deadline = Date.now() + 4 * PATIENCE_MS; ; await sleep(60)) {
    try {
      const answer = (await client.request<Record<string, Answer>>(query, variables))[mutation];
      const problem = answer?.userErrors[0];
      if (problem === undefined) return answer;
      if (REFUSALS.has(problem.code)) return undefined;
      throw new MeshfleetError({ code: 'INTERNAL', summary: `${mutation}: ${problem.code}: ${problem.message}` });
    } catch (error) {
      // fetch() rejects with a TypeError when the connection breaks.
      const away = error instanceof TypeError || (error instanceof MeshfleetError && error.code === 'STORE_UNAVAILABLE');
      if (!away || Date.now() > deadline) throw error;
    }
  }
}
