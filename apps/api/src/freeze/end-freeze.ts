import { endFreeze as endFreezeOf } from '@meshfleet/store';
import { z } from 'zod';
import { notFound, rowId } from '../graphql/global-id.ts';
import type { UseCase } from '../graphql/mutate.ts';

const input = z.object({ id: z.string() });

/** Lets rollouts that waited for its end go on. */
export const endFreeze: UseCase<typeof input, { freezeId: string }> = {
  name: 'freezeEnd',
  role: 'ADMIN',
  input,
  async run({ tx, actor, now }, { id }) {
    const freezeId = rowId('Freeze', id);
    if (!(await endFreezeOf(tx, freezeId, { actor, at: now }))) throw notFound('Freeze');
    return { answer: { freezeId }, audit: { action: 'freeze.end', target: freezeId } };
  },
};
