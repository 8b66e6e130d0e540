import { appendAudit, withIdempotency, type AuditEntry, type Tx } from '@meshfleet/store';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Role } from '../auth/principal.ts';
import type { RequestScope } from '../request/request-scope.ts';
import type { GraphqlContext } from './context.ts';
import { InputProblems, isExpected, problemsOf, userErrorOf, type UserError } from './user-error.ts';

/** What a use case works with: the transaction of its own, who asks, and the time and randomness of this moment. */
export interface Change {
  readonly tx: Tx;
  readonly actor: string;
  /** What the actor holds: at least the role that the use case asks for. */
  readonly role: Role;
  readonly now: Date;
  random(bytes: number): Uint8Array;
  /** Hosts that webhooks of rollouts may have though they are not on the internet. */
  readonly webhookHosts: ReadonlySet<string>;
}

/** One mutation: its name, who may do it, the shape of its input, and the work, whose answer must be plain JSON. */
export interface UseCase<S extends z.ZodType, A, P = z.output<S>> {
  readonly name: string;
  readonly role: Role;
  readonly input: S;
  /** Audit says what was done; without it nothing was. */
  run(change: Change, input: P): Promise<Outcome<A>>;
  /**
   * What needs no lock, done before the change: parsing of what may be large, and what can be read before. It reads through
   * the request's own scope, whose connection is given back before the change takes one. Default: the input itself.
   */
  prepare?(input: z.output<S>, scope: RequestScope): P | Promise<P>;
}

export interface Outcome<A> {
  readonly answer: A;
  readonly audit?: Omit<AuditEntry, 'actor' | 'at'>;
}

export type Mutated<A> = { readonly answer: A; readonly userErrors: readonly UserError[] } | { readonly answer?: undefined; readonly userErrors: readonly UserError[] };

const keyed = z.object({ idempotencyKey: z.string().min(1, 'An idempotency key must not be empty').max(200, 'An idempotency key has at most 200 characters').nullish() });

/**
 * Runs a mutation: input parsed, role checked, and the work, its outbox rows and its audit event in one transaction, once
 * per idempotency key. What is wrong with the input comes back as userErrors, with nothing changed; faults are thrown.
 */
export async function mutate<S extends z.ZodType, A, P>(context: GraphqlContext, useCase: UseCase<S, A, P>, rawInput: unknown): Promise<Mutated<A>> {
  try {
    const { scope } = context;
    const { key, rest } = splitKey(rawInput);
    const parsed = useCase.input.safeParse(rest);
    if (!parsed.success) throw new InputProblems(problemsOf(parsed.error, rest));
    // Without a prepare step P is the input's own type, which is its default.
    const prepared = useCase.prepare === undefined ? (parsed.data as unknown as P) : await useCase.prepare(parsed.data, scope);
    const now = new Date();
    const answer = await scope.write(useCase.role, async (tx, role) => {
      const change: Change = { tx, actor: scope.actor, role, now, random: (bytes) => randomBytes(bytes), webhookHosts: scope.webhookHosts };
      let audit: Outcome<A>['audit'];
      const work = async (): Promise<A> => {
        const outcome = await useCase.run(change, prepared);
        audit = outcome.audit;
        return outcome.answer;
      };
      const result = key === undefined ? await work() : await withIdempotency(tx, { key, mutation: useCase.name, request: rest }, work);
      if (audit !== undefined) await appendAudit(tx, { ...audit, actor: scope.actor, at: now });
      return result;
    });
    return { answer, userErrors: [] };
  } catch (error) {
    return { userErrors: userErrorsOf(error) };
  }
}

/** @throws the error itself when it is a fault */
export function userErrorsOf(error: unknown): UserError[] {
  if (error instanceof InputProblems) return error.problems.map(userErrorOf);
  if (isExpected(error)) return [userErrorOf(error)];
  throw error;
}

/** An input without its idempotency key. @throws InputProblems of the key */
export function splitKey(input: unknown): { key: string | undefined; rest: Record<string, unknown> } {
  // GraphQL has checked that the input is an object; absent and null mean the same in ours.
  const { idempotencyKey: _key, ...rest } = input as Record<string, unknown>;
  const parsed = keyed.safeParse(input);
  if (!parsed.success) throw new InputProblems(problemsOf(parsed.error, input));
  return { key: parsed.data.idempotencyKey ?? undefined, rest: Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null && value !== undefined)) };
}
