import { revokeJoinToken as revoke } from '@meshfleet/store';
import { z } from 'zod';
import { notFound, rowId } from '../graphql/global-id.ts';
import type { UseCase } from '../graphql/mutate.ts';

const input = z.object({ id: z.string() });

/** Ends a join token; clusters that it let in stay. Revoking twice changes nothing. */
export const revokeJoinToken: UseCase<typeof input, { joinTokenId: string }> = {
  name: 'joinTokenRevoke',
  role: 'ADMIN',
  input,
  async run({ tx, now }, { id }) {
    const joinTokenId = rowId('JoinToken', id);
    if (!(await revoke(tx, joinTokenId, now))) throw notFound('JoinToken');
    return { answer: { joinTokenId }, audit: { action: 'join-token.revoke', target: joinTokenId } };
  },
};
