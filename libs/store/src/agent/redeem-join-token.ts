import { MeshfleetError } from '@meshfleet/model';
import type { Tx } from '../connection/sql.ts';

export interface RedeemedToken {
  readonly name: string;
  readonly labels: object;
  readonly requireApproval: boolean;
}

/**
 * Takes one use of a join token, or says why not. Many who race for the last use queue up on the row: one gets it.
 * A refusal is returned, not thrown, so that the transaction can go on.
 */
export async function redeemJoinToken(tx: Tx, hash: Uint8Array): Promise<RedeemedToken | MeshfleetError> {
  const taken = await tx.query<RedeemedToken>(REDEEM, [tx.organizationId, Buffer.from(hash)]);
  const token = taken.rows[0];
  if (token !== undefined) return token;
  const { rows } = await tx.query<{ expired: boolean }>(EXPLAIN, [tx.organizationId, Buffer.from(hash)]);
  const [found] = rows;
  if (found === undefined) return unknownJoinToken();
  if (found.expired) {
    return new MeshfleetError({ code: 'TOKEN_EXPIRED', summary: 'The join token has expired', fix: 'Create a new one.' });
  }
  return new MeshfleetError({ code: 'TOKEN_USED', summary: 'The join token has been used up', fix: 'Create a new one, with as many uses as clusters.' });
}

/** One answer for every token that is not there: unknown, revoked, of another organization, or no token at all. */
export function unknownJoinToken(): MeshfleetError {
  return new MeshfleetError({
    code: 'TOKEN_INVALID',
    summary: 'The join token is not valid',
    why: 'it is unknown here or has been revoked',
    fix: 'Create a new one, and set MESHFLEET_JOIN_TOKEN to all of it.',
  });
}

const REDEEM = `
  update join_token set uses = uses + 1
  where organization_id = $1 and hash = $2 and uses < max_uses and expires_at > now() and revoked_at is null
  returning name, labels, require_approval as "requireApproval"`;

const EXPLAIN = `
  select expires_at <= now() as expired from join_token where organization_id = $1 and hash = $2 and revoked_at is null`;
