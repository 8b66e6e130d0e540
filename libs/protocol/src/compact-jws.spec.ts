import { generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';
import { MeshfleetError } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { isSignedBy, isSignedByAsync, parseCompact, signCompact } from './compact-jws.ts';
import { importPublicKey, publicSignJwk } from './jwk.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const publicKey = importPublicKey(publicSignJwk(privateKey));

describe('a compact JWS', () => {
  it('carries any claims, and no change of a character goes unseen', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), fc.constantFrom(...'AbZ09-_.'), (claims, at, character) => {
        const token = signCompact({ kid: 'k', privateKey }, 't', claims);
        const parsed = parseCompact(token);
        expect(isSignedBy(parsed, publicKey)).toBe(true);
        expect(parsed.claims).toEqual(JSON.parse(JSON.stringify(claims)));

        const place = at % token.length;
        const tampered = token.slice(0, place) + character + token.slice(place + 1);
        // The last character of base64url may carry unused bits: another text of the same bytes is no tampering.
        if (tampered !== token && place !== token.length - 1) expect(holds(tampered)).toBe(false);
      }),
    );
  });

  it('is judged alike on the main thread and off it', async () => {
    const stranger = importPublicKey(publicSignJwk(generateKeyPairSync('ed25519').privateKey));
    const parsed = parseCompact(signCompact({ kid: 'k', privateKey }, 't', {}));
    const cut = { ...parsed, signature: parsed.signature.subarray(1) };
    for (const [jws, key, holds] of [[parsed, publicKey, true], [parsed, stranger, false], [cut, publicKey, false]] as const) {
      expect([isSignedBy(jws, key), await isSignedByAsync(jws, key)]).toEqual([holds, holds]);
    }
  });

  it('answers any text with a verdict, never with a crash', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => !holds(text)));
  });
});

function holds(token: string): boolean {
  try {
    return isSignedBy(parseCompact(token), publicKey);
  } catch (error) {
    if (error instanceof MeshfleetError) return false;
    throw error;
  }
}
