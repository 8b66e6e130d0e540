import { MeshfleetError, parseLabelSelector, type ErrorEnvelope } from '@meshfleet/model';
import { insertFreeze, selectsClusters, uuidv7, type Tx } from '@meshfleet/store';
import { z } from 'zod';
import type { UseCase } from '../graphql/mutate.ts';

const moment = z.coerce.date('A time is written in ISO 8601').optional();

const input = z
  .object({
    reason: z.string().min(1, 'A freeze has a reason').max(2000, 'A reason has at most 2000 characters'),
    clusterSelector: z.string().max(4096, 'A label selector has at most 4096 characters').optional(),
    startsAt: moment,
    endsAt: moment,
  })
  .superRefine(({ clusterSelector, startsAt, endsAt }, context) => {
    if (startsAt !== undefined && endsAt !== undefined && endsAt <= startsAt) {
      context.addIssue({ code: 'custom', message: 'A freeze ends after it begins', path: ['endsAt'], params: { why: `it begins at ${startsAt.toISOString()} and ends at ${endsAt.toISOString()}`, fix: 'Give a later end, or none.' } });
    }
    try {
      parseLabelSelector(clusterSelector ?? '');
    } catch (error) {
      if (!(error instanceof MeshfleetError)) throw error;
      context.addIssue({ code: 'custom', message: error.summary, path: ['clusterSelector'], params: { envelope: error.toEnvelope() } });
    }
  });

interface CreatedFreeze {
  readonly freezeId: string;
  readonly warnings: readonly ErrorEnvelope[];
}

/** From when on nothing new is begun in the clusters that it is about. */
export const createFreeze: UseCase<typeof input, CreatedFreeze> = {
  name: 'freezeCreate',
  role: 'ADMIN',
  input,
  async run({ tx, actor, now, random }, { reason, clusterSelector, startsAt, endsAt }) {
    if (endsAt !== undefined && endsAt <= now) throw endedAlready(endsAt, now);
    const id = uuidv7(now, random(10));
    insertFreeze(tx, { id, clusterSelector: clusterSelector ?? null, reason, startsAt: startsAt ?? now, endsAt: endsAt ?? null, createdBy: actor, createdAt: now });
    const details = { reason, clusterSelector: clusterSelector ?? null, startsAt: (startsAt ?? now).toISOString(), endsAt: endsAt?.toISOString() ?? null };
    return { answer: { freezeId: id, warnings: await warningsOf(tx, clusterSelector ?? '') }, audit: { action: 'freeze.create', target: id, details } };
  },
};

/** A freeze whose selector is misspelt holds nobody, and who made it would believe that it does. */
async function warningsOf(tx: Tx, clusterSelector: string): Promise<ErrorEnvelope[]> {
  if (await selectsClusters(tx, parseLabelSelector(clusterSelector))) return [];
  return [
    {
      code: 'FREEZE_EMPTY',
      summary: 'The freeze holds no cluster',
      why: clusterSelector === '' ? 'there is none yet' : 'its selector matches none now',
      fix: 'Compare the selector with the labels of the clusters; one that matches it later is held from then on. `freezeEnd` takes the freeze back.',
      where: { field: ['input', 'clusterSelector'] },
    },
  ];
}

/** Whoever freezes by a date that is misread would believe that the fleet holds still. */
function endedAlready(endsAt: Date, now: Date): MeshfleetError {
  return new MeshfleetError({
    code: 'INVALID_INPUT',
    summary: 'The freeze would be over already',
    why: `it ends at ${endsAt.toISOString()}, and it is ${now.toISOString()}`,
    fix: 'Give an end that is to come, or none.',
    where: { field: ['input', 'endsAt'] },
  });
}
