import { createHash } from 'node:crypto';
import { MeshfleetError } from '@meshfleet/model';

/** `mfj` lets a cluster join; `mfa` lets a program use the API. */
export type TokenKind = 'mfj' | 'mfa';

const SHAPE = /^(mfj|mfa)_([A-Za-z0-9_-]{22})_([A-Za-z0-9_-]{43})$/;

/**
 * A bearer secret that names its organization, so that it can be looked up under that organization's row-level security.
 * @param random 32 bytes that nobody can guess
 */
export function formatSecretToken(kind: TokenKind, organizationId: string, random: Uint8Array): string {
  const organization = Buffer.from(organizationId.replaceAll('-', ''), 'hex');
  if (organization.length !== 16 || random.length !== 32) {
    throw new MeshfleetError({ code: 'INTERNAL', summary: 'A token needs the UUID of an organization and 32 random bytes' });
  }
  return `${kind}_${organization.toString('base64url')}_${Buffer.from(random).toString('base64url')}`;
}

/** Whose token it claims to be; undefined when it is none of this kind. */
export function readSecretToken(kind: TokenKind, token: string): { readonly organizationId: string } | undefined {
  const match = SHAPE.exec(token);
  if (match === null || match[1] !== kind) return undefined;
  const hex = Buffer.from(match[2] ?? '', 'base64url').toString('hex');
  const organizationId = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  return { organizationId };
}

/** What the hub stores of a token. */
export function hashSecretToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
