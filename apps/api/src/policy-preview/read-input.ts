import type { z } from 'zod';
import { splitKey } from '../graphql/mutate.ts';
import { InputProblems, problemsOf } from '../graphql/user-error.ts';

/** The input of a mutation, as the mutation reads it. @throws InputProblems */
export function readInput<S extends z.ZodType>(schema: S, rawInput: unknown): z.output<S> {
  const parsed = schema.safeParse(splitKey(rawInput).rest);
  if (!parsed.success) throw new InputProblems(problemsOf(parsed.error, rawInput));
  return parsed.data;
}
