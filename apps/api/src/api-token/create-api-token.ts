import { formatSecretToken, hashSecretToken } from '@meshfleet/protocol';
import { insertApiToken, uuidv7 } from '@meshfleet/store';
import { z } from 'zod';
import type { UseCase } from '../graphql/mutate.ts';

const DAY = 24 * 3_600;

const input = z.object({
  name: z
    .string()
    .refine((text) => /^[A-Za-z0-9]([-A-Za-z0-9_. ]{0,98}[A-Za-z0-9])?$/.test(text), { error: 'A name is 1 to 100 letters, digits, spaces and - _ . that begins and ends with a letter or digit', params: { fix: 'Write it as github actions.' } }),
  role: z.enum(['ADMIN', 'OPERATOR', 'VIEWER'], 'An API token is an ADMIN, an OPERATOR or a VIEWER; only people own organizations'),
  expiresInSeconds: z.int().min(60, 'A token lives at least a minute').max(365 * DAY, 'A token lives at most 365 days').default(30 * DAY),
});

/** Creates a token by which a program uses the API. Hands its secret to `show`, once; only its hash is stored. */
export function createApiToken(show: (secret: string) => void): UseCase<typeof input, { apiTokenId: string }> {
  return {
    name: 'apiTokenCreate',
    role: 'ADMIN',
    input,
    run({ tx, actor, now, random }, { name, role, expiresInSeconds }) {
      const secret = formatSecretToken('mfa', tx.organizationId, random(32));
      const id = uuidv7(now, random(10));
      const expiresAt = new Date(now.getTime() + expiresInSeconds * 1000);
      insertApiToken(tx, { id, name, hash: hashSecretToken(secret), role, expiresAt, createdBy: actor, createdAt: now });
      show(secret);
      const details = { name, role, expiresAt: expiresAt.toISOString() };
      return Promise.resolve({ answer: { apiTokenId: id }, audit: { action: 'api-token.create', target: id, details } });
    },
  };
}
