import { createHash } from 'node:crypto';
import { canonicalJson } from '@meshfleet/model';
import type { JsonObject } from '@meshfleet/model';

/** What an audit event says, before it has a place in the chain. */
export interface AuditEntry {
  /** `user:<identity>`, `token:<name>`, `agent:<cluster>` or `system:<process>`. */
  readonly actor: string;
  /** `policy.apply`, `cluster.quarantine`, … */
  readonly action: string;
  /** Id of what it was done to. */
  readonly target?: string | null;
  /** Never secrets: this is kept for ever and shown. */
  readonly details?: JsonObject;
  readonly at: Date;
}

/** An event as it is stored and exported. */
export interface AuditEvent {
  readonly organizationId: string;
  readonly seq: number;
  readonly at: Date | string;
  readonly actor: string;
  readonly action: string;
  readonly target: string | null;
  readonly details: JsonObject;
  /** Lower-case hex, or the bytes as Postgres gives them. */
  readonly hash: string | Uint8Array;
}

/** SHA-256 over the canonical JSON (RFC 8785) of what an event says; times to the millisecond, as JavaScript keeps them. */
export function digestOfEntry(organizationId: string, entry: Omit<AuditEntry, 'at'> & { at: Date | string }): Buffer {
  const text = canonicalJson({
    organizationId,
    at: new Date(entry.at).toISOString(),
    actor: entry.actor,
    action: entry.action,
    target: entry.target ?? null,
    details: entry.details ?? {},
  });
  return createHash('sha256').update(text).digest();
}

/** hash(n) = SHA-256(hash(n-1) || n as 8 bytes, big-endian || digest of what event n says); hash(0) is empty. */
export function chainHash(previous: Uint8Array, seq: number, digest: Uint8Array): Buffer {
  const place = Buffer.alloc(8);
  place.writeBigInt64BE(BigInt(seq));
  return createHash('sha256').update(previous).update(place).update(digest).digest();
}
