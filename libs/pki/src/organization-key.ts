import { createPrivateKey } from 'node:crypto';
import { publicSignJwk, thumbprint } from '@meshfleet/protocol';
import type { SignJwk, SigningKey } from '@meshfleet/protocol';
import type { Custody } from './custody.ts';
import type { RandomBytes } from './random-bytes.ts';

/** What signs an organization's desired states, as the database keeps it. */
export interface StoredOrganizationKey {
  /** Thumbprint of the public key. */
  readonly kid: string;
  readonly publicJwk: SignJwk;
  /** PKCS#8 of the private key, sealed by custody. */
  readonly privateEnvelope: Uint8Array;
}

// PKCS#8 of an Ed25519 key is this head and the 32 bytes of its seed (RFC 8410, section 7).
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A new Ed25519 key for an organization. */
export async function createOrganizationKey(
  custody: Custody,
  { organizationId, random }: { readonly organizationId: string; readonly random: RandomBytes },
): Promise<StoredOrganizationKey> {
  const pkcs8 = Buffer.concat([PKCS8_HEAD, random(32)]);
  const publicJwk = publicSignJwk(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  const kid = thumbprint(publicJwk);
  return { kid, publicJwk, privateEnvelope: await custody.seal(pkcs8, contextOf(organizationId, kid)) };
}

/** The key, ready to sign. @throws MeshfleetError see {@link Custody.open} */
export async function openOrganizationKey(
  custody: Custody,
  organizationId: string,
  stored: Pick<StoredOrganizationKey, 'kid' | 'privateEnvelope'>,
): Promise<SigningKey> {
  const pkcs8 = await custody.open(stored.privateEnvelope, contextOf(organizationId, stored.kid));
  return { kid: stored.kid, privateKey: createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' }) };
}

/** Under which context custody seals an organization's key: what a rewrap must name. */
export function contextOf(organizationId: string, kid: string): string {
  return `organization-key/${organizationId}/${kid}`;
}
