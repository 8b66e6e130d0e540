import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { MeshfleetError } from './errors.ts';

/**
 * The one JSON text of a value (RFC 8785): keys sorted by UTF-16 code units, no white space, numbers as ECMAScript
 * prints them. What hashes and signatures cover, on the hub and in the agent alike.
 * @throws MeshfleetError INVALID_INPUT for what JSON cannot say: undefined, NaN, infinity, half a surrogate pair, circles
 */
export function canonicalJson(value: unknown): string {
  try {
    const text = canonicalize(value);
    if (text !== undefined) return text;
  } catch (cause) {
    throw inexpressible(cause instanceof Error ? cause.message : String(cause), cause);
  }
  throw inexpressible('it is undefined');
}

/** SHA-256, in lower-case hex, of the canonical JSON: equal for equal objects, whatever the order of their keys. */
export function contentHash(object: unknown): string {
  return createHash('sha256').update(canonicalJson(object)).digest('hex');
}

function inexpressible(why: string, cause?: unknown): MeshfleetError {
  const fix = 'Send text, finite numbers, true, false, null, lists and mappings alone.';
  return new MeshfleetError({ code: 'INVALID_INPUT', summary: 'This value has no canonical JSON', why, fix }, { cause });
}
