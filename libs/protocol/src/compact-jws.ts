import { sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { MeshfleetError } from '@meshfleet/model';
import type { SigningKey } from './jwk.ts';

// JWS compact serialization (RFC 7515) with EdDSA over Ed25519 (RFC 8037) and nothing else: no algorithm is negotiated,
// so none can be confused. Written on node:crypto because its calls are synchronous and cost a third of WebCrypto's on
// the path that every request of every agent takes; the tests hold it against jose.

export interface ParsedJws {
  readonly kid: string;
  readonly typ: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signingInput: string;
  readonly signature: Uint8Array;
}

const LONGEST = 8192;

export function signCompact(key: SigningKey, typ: string, claims: object): string {
  const header = encode({ alg: 'EdDSA', kid: key.kid, typ });
  const signingInput = `${header}.${encode(claims)}`;
  return `${signingInput}.${sign(null, Buffer.from(signingInput), key.privateKey).toString('base64url')}`;
}

/** Reads a token without believing it: the claims say which key to look up. @throws MeshfleetError SIGNATURE_INVALID */
export function parseCompact(token: string): ParsedJws {
  const parts = token.split('.');
  const [head, body, tail] = parts;
  if (parts.length !== 3 || head === undefined || body === undefined || tail === undefined || token.length > LONGEST) {
    throw invalid('it is not a compact JWS');
  }
  const header = decode(head);
  const claims = decode(body);
  if (header['alg'] !== 'EdDSA') throw invalid('its algorithm is not EdDSA');
  // RFC 7515 4.1.11: who does not understand a critical header must refuse; we understand none.
  if ('crit' in header || 'b64' in header) throw invalid('it demands extensions');
  const { kid, typ } = header;
  if (typeof kid !== 'string' || typeof typ !== 'string') throw invalid('its header lacks kid or typ');
  return { kid, typ, claims, signingInput: `${head}.${body}`, signature: Buffer.from(tail, 'base64url') };
}

/** True when the signature is by this key. */
export function isSignedBy(jws: ParsedJws, publicKey: KeyObject): boolean {
  return jws.signature.length === 64 && verify(null, Buffer.from(jws.signingInput), publicKey, jws.signature);
}

/** {@link isSignedBy} off the main thread: a tenth more of a core's time (some 110 microseconds), and others are not held up. */
export function isSignedByAsync(jws: ParsedJws, publicKey: KeyObject): Promise<boolean> {
  if (jws.signature.length !== 64) return Promise.resolve(false);
  return new Promise((resolve) => {
    verify(null, Buffer.from(jws.signingInput), publicKey, jws.signature, (error, holds) => resolve(error === null && holds));
  });
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Record<string, unknown> {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) throw invalid('it is not base64url');
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    // JSON objects are records of unknown by nature; arrays and the rest are refused here.
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    throw invalid('it is not JSON');
  }
  throw invalid('it is not a JSON object');
}

function invalid(why: string): MeshfleetError {
  return new MeshfleetError({ code: 'SIGNATURE_INVALID', summary: 'A signature cannot be read', why, fix: 'Send a compact JWS as RFC 7515 has it: three parts of base64url, alg EdDSA, with kid and typ.' });
}
