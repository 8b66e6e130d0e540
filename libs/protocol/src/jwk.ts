import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { MeshfleetError } from '@meshfleet/model';
import * as z from 'zod';
import { sha256Base64Url } from './sha256.ts';

const point = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url');

/** Public key that signs: Ed25519 (RFC 8037). Unknown members, a private `d` above all, are refused. */
export const signKeySchema = z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: point, kid: z.string().max(64).exactOptional() });
/** Public key that receives sealed envelopes: X25519 (RFC 8037). */
export const sealKeySchema = z.strictObject({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: point, kid: z.string().max(64).exactOptional() });

export type SignJwk = z.infer<typeof signKeySchema>;
export type SealJwk = z.infer<typeof sealKeySchema>;

/** An Ed25519 key pair in memory, with the thumbprint that names it. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** JWK thumbprint (RFC 7638), base64url: the `kid` of every key of ours. */
export function thumbprint(jwk: SignJwk | SealJwk): string {
  // Members in the order that RFC 8037 appendix A.3 demands.
  return sha256Base64Url(JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x }));
}

/** Reading a key costs as much as verifying with it: each is read once for as long as somebody holds it. */
const imported = new WeakMap<SignJwk | SealJwk, KeyObject>();

/** @throws MeshfleetError SIGNATURE_INVALID when it is no point of the curve */
export function importPublicKey(jwk: SignJwk | SealJwk): KeyObject {
  const known = imported.get(jwk);
  if (known !== undefined) return known;
  try {
    const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: 'jwk' });
    imported.set(jwk, key);
    return key;
  } catch (cause) {
    throw new MeshfleetError({ code: 'SIGNATURE_INVALID', summary: 'A public key cannot be read', why: 'it is no point of the curve', fix: 'Send the public half of an Ed25519 or X25519 key pair as a JWK.' }, { cause });
  }
}

/** Public half of a key pair as a JWK. */
export function publicSignJwk(privateKey: KeyObject): SignJwk {
  return signKeySchema.parse(publicMembers(privateKey));
}

/** {@link publicSignJwk} for the key that envelopes are sealed to. */
export function publicSealJwk(privateKey: KeyObject): SealJwk {
  return sealKeySchema.parse(publicMembers(privateKey));
}

/** A private key from its PKCS#8 PEM, named by the thumbprint of its public half. */
export function importSigningKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  return { kid: thumbprint(publicSignJwk(privateKey)), privateKey };
}

function publicMembers(privateKey: KeyObject): { kty?: string; crv?: string; x?: string } {
  const { kty, crv, x } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { ...(kty === undefined ? {} : { kty }), ...(crv === undefined ? {} : { crv }), ...(x === undefined ? {} : { x }) };
}
