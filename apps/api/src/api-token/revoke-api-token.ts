import { revokeApiToken as revoke } from '@meshfleet/store';
import { z } from 'zod';
import { notFound, rowId } from '../graphql/global-id.ts';
import type { UseCase } from '../graphql/mutate.ts';

const input = z.object({ id: z.string() });

/** Ends an API token: requests that begin after this are refused. Revoking twice changes nothing. */
export const revokeApiToken: UseCase<typeof input, { apiTokenId: string }> = {
  name: 'apiTokenRevoke',
  role: 'ADMIN',
  input,
  async run({ tx, now }, { id }) {
    const apiTokenId = rowId('ApiToken', id);
    if (!(await revoke(tx, apiTokenId, now))) throw notFound('ApiToken');
    return { answer: { apiTokenId }, audit: { action: 'api-token.revoke', target: apiTokenId } };
  },
};
