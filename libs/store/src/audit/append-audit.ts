import type { Tx } from '../connection/sql.ts';
import { digestOfEntry } from './event.ts';
import type { AuditEntry } from './event.ts';

// The same arithmetic as chainHash, where the previous hash is locked anyway: one statement, no round trip to read it.
const APPEND = `with place as (
    update organization
    set audit_seq = audit_seq + 1, audit_hash = sha256(audit_hash || int8send(audit_seq + 1) || $6::bytea)
    where id = $1
    returning audit_seq, audit_hash
  )
  insert into audit_event (organization_id, seq, at, actor, action, target, details, hash)
  select $1, audit_seq, $2, $3, $4, $5, $7, audit_hash from place`;

/**
 * Adds an event to the organization's chain. Call it last in the transaction: from here to COMMIT the organization's
 * row is locked, and every other audited change of this organization waits.
 */
export function appendAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  tx.send(APPEND, [
    tx.organizationId,
    entry.at,
    entry.actor,
    entry.action,
    entry.target ?? null,
    digestOfEntry(tx.organizationId, entry),
    JSON.stringify(entry.details ?? {}),
  ]);
  return Promise.resolve();
}
