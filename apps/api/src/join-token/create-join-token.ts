import { formatSecretToken, hashSecretToken } from '@meshfleet/protocol';
import { insertJoinToken, uuidv7 } from '@meshfleet/store';
import { z } from 'zod';
import { labelsInput } from '../cluster/label-input.ts';
import type { UseCase } from '../graphql/mutate.ts';

const HOUR = 3_600;
const MONTH = 30 * 24 * HOUR;

const input = z.object({
  name: z.string().trim().min(1, 'A name must not be empty').max(100, 'A name has at most 100 characters'),
  labels: labelsInput.default({}),
  maxUses: z.int().min(1, 'A token is used at least once').max(1000, 'A token is used at most 1000 times').default(1),
  expiresInSeconds: z.int().min(60, 'A token lives at least a minute').max(MONTH, 'A token lives at most 30 days').default(HOUR),
  requireApproval: z.boolean().default(false),
});

/** Creates a token that lets agents enrol. Hands its secret to `show`, once; only its hash is stored. */
export function createJoinToken(show: (secret: string) => void): UseCase<typeof input, { joinTokenId: string }> {
  return {
    name: 'joinTokenCreate',
    role: 'ADMIN',
    input,
    run({ tx, actor, now, random }, given) {
      const secret = formatSecretToken('mfj', tx.organizationId, random(32));
      const id = uuidv7(now, random(10));
      const { name, labels, maxUses, requireApproval } = given;
      const expiresAt = new Date(now.getTime() + given.expiresInSeconds * 1000);
      insertJoinToken(tx, { id, name, hash: hashSecretToken(secret), labels, maxUses, requireApproval, expiresAt, createdBy: actor, createdAt: now });
      show(secret);
      const details = { name, labels, maxUses, requireApproval, expiresAt: expiresAt.toISOString() };
      return Promise.resolve({ answer: { joinTokenId: id }, audit: { action: 'join-token.create', target: id, details } });
    },
  };
}
