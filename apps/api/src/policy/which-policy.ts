import { z } from 'zod';
import { twoNames } from '../graphql/id-or-name.ts';

/** Names a policy, by id or by name: the fields, and the rule that one of them is given. */
export const whichPolicy = { id: z.string().optional(), name: z.string().optional() };

export function isOnePolicy({ id, name }: { readonly id?: string | undefined; readonly name?: string | undefined }, context: z.RefinementCtx): void {
  if ((id === undefined) !== (name === undefined)) return;
  const { summary, why, fix } = twoNames('policy', { id, name });
  context.addIssue({ code: 'custom', message: summary, path: ['id'], params: { why, fix } });
}
