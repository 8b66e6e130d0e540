import type { z } from 'zod';
import { InputProblems, problemsOf } from '../graphql/user-error.ts';

/** The input of a mutation, as the mutation reads it. @throws InputProblems */
export function readInput<S extends z.ZodType>(schema: S, rawInput: unknown): z.output<S> {
  // GraphQL has checked that the input is an object; absent and null mean the same in ours.
  const given = Object.entries(rawInput as Record<string, unknown>).filter(([field, value]) => value != null && field !== 'idempotencyKey');
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (!parsed.success) throw new InputProblems(problemsOf(parsed.error, rawInput));
  return parsed.data;
}
