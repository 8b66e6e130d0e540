import { generateKeyPairSync, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { publicSealJwk } from '@meshfleet/protocol';
import { describe, expect, it } from 'vitest';
import { openSealed, sealedEnvelopeSchema, sealTo } from './sealed-envelope.ts';

const recipient = generateKeyPairSync('x25519').privateKey;
const other = generateKeyPairSync('x25519').privateKey;
const jwk = publicSealJwk(recipient);

/** The same bytes but for one bit. */
function flipBit(ciphertext: string): string {
  const bytes = Buffer.from(ciphertext, 'base64url');
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  return bytes.toString('base64url');
}

describe('a sealed envelope', () => {
  it('carries any secret, through JSON, to its recipient', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.string(), (secret, context) => {
        const carried = sealedEnvelopeSchema.parse(JSON.parse(JSON.stringify(sealTo(jwk, secret, context, randomBytes))));
        expect(Uint8Array.from(openSealed(recipient, carried, context))).toEqual(secret);
      }),
      { numRuns: 50 },
    );
  });

  const envelope = sealTo(jwk, Buffer.from('token'), 'peer-credential/a/b', randomBytes);
  it.each([
    ['another recipient', other, envelope, 'peer-credential/a/b'],
    ['another recipient who renames it', other, { ...envelope, kid: sealTo(publicSealJwk(other), Buffer.alloc(0), '', randomBytes).kid }, 'peer-credential/a/b'],
    ['another context', recipient, envelope, 'peer-credential/b/a'],
    ['a changed ciphertext', recipient, { ...envelope, ct: flipBit(envelope.ct) }, 'peer-credential/a/b'],
    ['an exchanged key of one use', recipient, { ...envelope, epk: publicSealJwk(other) }, 'peer-credential/a/b'],
    ['a key of one use of low order', recipient, { ...envelope, epk: { ...envelope.epk, x: Buffer.alloc(32).toString('base64url') } }, 'peer-credential/a/b'],
    ['no ciphertext', recipient, { ...envelope, ct: '' }, 'peer-credential/a/b'],
  ])('does not open for %s', (_, key, given, context) => {
    expect(() => openSealed(key, given, context)).toThrow(/cannot be opened/);
  });
});
