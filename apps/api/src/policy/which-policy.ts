import { z } from 'zod';

/** Names a policy, by id or by name: the fields, and the rule that one of them is given. */
export const whichPolicy = { id: z.string().optional(), name: z.string().optional() };

export function isOnePolicy({ id, name }: { readonly id?: string | undefined; readonly name?: string | undefined }, context: z.RefinementCtx): void {
  if ((id === undefined) !== (name === undefined)) return;
  const why = id === undefined ? 'neither was given' : 'both were given, and they may be of two policies';
  context.addIssue({ code: 'custom', message: 'Say which policy: either by id or by name', path: ['id'], params: { why, fix: 'Give one of the two.' } });
}
