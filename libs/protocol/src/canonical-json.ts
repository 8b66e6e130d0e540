import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { MeshfleetError } from '@meshfleet/model';

/**
 * JSON with sorted keys and no white space (RFC 8785): what hashes and signatures cover.
 * @throws MeshfleetError INVALID_INPUT for what JSON cannot say (NaN, lone surrogates, circles)
 */
export function canonicalJson(value: unknown): string {
  try {
    const text = canonicalize(value);
    if (text !== undefined) return text;
  } catch (cause) {
    throw new MeshfleetError({ code: 'INVALID_INPUT', summary: 'A value cannot be written as JSON', why: messageOf(cause) }, { cause });
  }
  throw new MeshfleetError({ code: 'INVALID_INPUT', summary: 'A value cannot be written as JSON', why: 'it is undefined' });
}

/** Lower-case hexadecimal SHA-256. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** SHA-256 as base64url without padding, as JOSE writes it. */
export function sha256Base64Url(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('base64url');
}

/** Content hash of a Kubernetes object: SHA-256 of its canonical JSON, hexadecimal. */
export function contentHash(object: unknown): string {
  return sha256Hex(canonicalJson(object));
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
