import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { RandomBytes } from './random-bytes.ts';

const NONCE = 12;
const TAG = 16;

/** Bytes that {@link encrypt} adds. */
export const ENCRYPTION_OVERHEAD = NONCE + TAG;

/** AES-256-GCM (SP 800-38D): nonce, ciphertext, tag. */
export function encrypt(key: Uint8Array, plain: Uint8Array, bound: Uint8Array, random: RandomBytes): Buffer {
  const nonce = random(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG }).setAAD(bound);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined when key, bytes or what they are bound to are not the ones of the encryption. */
export function decrypt(key: Uint8Array, sealed: Uint8Array, bound: Uint8Array): Buffer | undefined {
  if (sealed.length < ENCRYPTION_OVERHEAD) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG }).setAAD(bound);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE, sealed.length - TAG)), decipher.final()]);
  } catch {
    return undefined;
  }
}
