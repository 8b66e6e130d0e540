import type { RolloutCommand } from '@meshfleet/planner';
import { commandRollout } from '@meshfleet/store';
import { z } from 'zod';
import { includesRole } from '../auth/principal.ts';
import { notFound, rowId } from '../graphql/global-id.ts';
import type { Change, Outcome, UseCase } from '../graphql/mutate.ts';

export interface CommandedRollout {
  readonly rolloutId: string;
  readonly changed: boolean;
}

const MOST_FAILURES = 1000;

const id = z.string();
const reason = z.string().min(1, 'A reason must not be empty').max(2000, 'A reason has at most 2000 characters').optional();
const wave = z.int().min(0, 'Waves are counted from 0');

export const pauseRollout = command('rolloutPause', 'rollout.pause', z.object({ id, reason }), (given) => ({ type: 'PAUSE', reason: given.reason ?? null }));

const resumption = z
  .object({ id, acceptFailures: z.boolean().default(false), acceptFailuresOf: z.array(z.string()).max(MOST_FAILURES, `At most ${MOST_FAILURES} clusters`).optional() })
  .refine((given) => !given.acceptFailures || given.acceptFailuresOf === undefined, { error: 'acceptFailuresOf names all that is accepted: leave out acceptFailures', path: ['acceptFailures'] });

export const resumeRollout = command('rolloutResume', 'rollout.resume', resumption, ({ acceptFailures, acceptFailuresOf }) => ({
  type: 'RESUME',
  acceptFailures: acceptFailuresOf?.map((cluster) => rowId('Cluster', cluster)) ?? acceptFailures,
}));

export const promoteRollout = command('rolloutPromote', 'rollout.promote', z.object({ id, wave }), (given) => ({ type: 'PROMOTE', wave: given.wave }));

export const approveRollout = command('rolloutApprove', 'rollout.approve', z.object({ id, wave }), (given) => ({ type: 'APPROVE', wave: given.wave }));

export const abortRollout = command('rolloutAbort', 'rollout.abort', z.object({ id, rollback: z.boolean().default(true), reason }), (given) => ({
  type: 'ABORT',
  rollback: given.rollback,
  reason: given.reason ?? null,
}));

/** What a person tells a rollout: noted with who and when, carried out by the reconciler. */
function command<S extends z.ZodType<{ readonly id: string }>>(name: string, action: string, input: S, toCommand: (given: z.output<S>) => RolloutCommand): UseCase<S, CommandedRollout> {
  return {
    name,
    role: 'OPERATOR',
    input,
    async run({ tx, actor, now, role }: Change, given: z.output<S>): Promise<Outcome<CommandedRollout>> {
      const rolloutId = rowId('Rollout', given.id);
      const said = toCommand(given);
      const done = await commandRollout(tx, rolloutId, said, { by: actor, at: now, holds: (asked) => includesRole(role, asked) });
      if (done === undefined) throw notFound('Rollout');
      const answer = { rolloutId, changed: done.changed };
      if (!done.changed) return { answer };
      const { type: _type, ...details } = said;
      return { answer, audit: { action, target: rolloutId, details: { policy: done.row.policyName, version: done.row.version, ...details } } };
    },
  };
}
