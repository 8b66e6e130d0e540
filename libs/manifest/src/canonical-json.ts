import { createHash } from 'node:crypto';
import type { Json, KubeObject } from '@meshfleet/model';
import { MeshfleetError } from '@meshfleet/model';
import canonicalize from 'canonicalize';

/** The one JSON text of a value (RFC 8785): keys sorted, no white space, numbers as ECMAScript prints them. */
export function canonicalJson(value: Json | KubeObject): string {
  try {
    return canonicalize(value) ?? 'null';
  } catch (cause) {
    throw new MeshfleetError(
      { code: 'INVALID_INPUT', summary: 'This value has no canonical JSON', why: 'It holds a number that is not finite, or half of a surrogate pair in a string.' },
      { cause },
    );
  }
}

/** SHA-256, in lower-case hex, of the canonical JSON: equal for equal objects, whatever the order of their keys. */
export function contentHash(object: Json | KubeObject): string {
  return createHash('sha256').update(canonicalJson(object)).digest('hex');
}
