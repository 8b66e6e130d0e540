import { createPrivateKey, diffieHellman, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { MeshfleetError } from '@meshfleet/model';
import { importPublicKey, publicSealJwk, sealKeySchema, thumbprint } from '@meshfleet/protocol';
import type { SealJwk } from '@meshfleet/protocol';
import { z } from 'zod';
import { decrypt, encrypt } from './aes-gcm.ts';
import type { RandomBytes } from './random-bytes.ts';

// X25519 with a key of one use, HKDF-SHA256, AES-256-GCM: the construction of HPKE's base mode (RFC 9180). Anyone can
// seal, only the holder of the recipient's key opens. Who sealed it is not said; what carries the envelope is signed.

/** A secret that only one recipient can open; JSON, carried by the hub as it is. */
export const sealedEnvelopeSchema = z.object({
  v: z.literal(1),
  /** Thumbprint of the recipient's key. */
  kid: z.string(),
  /** Public key of one use. */
  epk: sealKeySchema,
  /** Nonce, ciphertext and tag, base64url. */
  ct: z.string(),
});
export type SealedEnvelope = z.infer<typeof sealedEnvelopeSchema>;

// PKCS#8 of an X25519 key is this head and its 32 bytes (RFC 8410, section 7).
const PKCS8_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** @param context what it is and for what, such as `peer-credential/<from>/<to>`; opening must name the same */
export function sealTo(recipient: SealJwk, secret: Uint8Array, context: string, random: RandomBytes): SealedEnvelope {
  const once = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, random(32)]), format: 'der', type: 'pkcs8' });
  const epk = publicSealJwk(once);
  const key = agree(once, importPublicKey(recipient), { epk, recipient, context });
  return { v: 1, kid: thumbprint(recipient), epk, ct: encrypt(key, secret, Buffer.from(context), random).toString('base64url') };
}

/** @throws MeshfleetError SIGNATURE_INVALID when it was sealed to another key, for another context, or changed */
export function openSealed(privateKey: KeyObject, envelope: SealedEnvelope, context: string): Uint8Array {
  const recipient = publicSealJwk(privateKey);
  if (envelope.kid !== thumbprint(recipient)) throw unopenable('it is sealed to another key');
  const key = agree(privateKey, importPublicKey(envelope.epk), { epk: envelope.epk, recipient, context });
  const secret = decrypt(key, Buffer.from(envelope.ct, 'base64url'), Buffer.from(context));
  if (secret === undefined) throw unopenable('it was changed, or sealed for another purpose');
  return secret;
}

/** Both public keys go into the derivation, as in DHKEM: no other pair leads to the same key. */
function agree(
  privateKey: KeyObject,
  publicKey: KeyObject,
  { epk, recipient, context }: { readonly epk: SealJwk; readonly recipient: SealJwk; readonly context: string },
): Buffer {
  const salt = Buffer.concat([Buffer.from(epk.x, 'base64url'), Buffer.from(recipient.x, 'base64url')]);
  return Buffer.from(hkdfSync('sha256', sharedSecret(privateKey, publicKey), salt, `meshfleet sealed envelope 1 ${context}`, 32));
}

function sharedSecret(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  try {
    return diffieHellman({ privateKey, publicKey });
  } catch (cause) {
    // OpenSSL refuses points of low order, with which the secret would be zero (RFC 7748, section 6.1).
    throw unopenable('its public key is no good point of the curve', cause);
  }
}

function unopenable(why: string, cause?: unknown): MeshfleetError {
  return new MeshfleetError({ code: 'SIGNATURE_INVALID', summary: 'A sealed envelope cannot be opened', why, fix: 'Have it sealed again to the key that is held now.' }, { cause });
}
