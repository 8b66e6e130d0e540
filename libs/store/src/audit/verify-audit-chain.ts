import { chainHash, digestOfEntry } from './event.ts';
import type { AuditEvent } from './event.ts';

export type AuditVerdict =
  | { readonly intact: true; readonly events: number; readonly head: string }
  | { readonly intact: false; readonly seq: number; readonly why: string };

/** What is known from elsewhere about the chain's end: without it, events cut off at the end cannot be missed. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string | Uint8Array;
}

/**
 * Checks an export of an organization's audit events, in any order, from the first event on; needs nothing but the
 * export (and, to notice a cut-off end, the head that somebody noted).
 */
export function verifyAuditChain(events: readonly AuditEvent[], head?: AuditHead): AuditVerdict {
  const sorted = [...events].sort((a, b) => a.seq - b.seq);
  const organizationId = sorted[0]?.organizationId;
  let previous: Uint8Array = new Uint8Array();
  for (const [index, event] of sorted.entries()) {
    const expected = index + 1;
    if (event.seq !== expected) {
      const why = event.seq < expected ? `event ${event.seq} is there twice` : `event ${expected} is missing`;
      return { intact: false, seq: expected, why };
    }
    if (event.organizationId !== organizationId) {
      return { intact: false, seq: event.seq, why: 'the event belongs to another organization' };
    }
    const verdict = hashOf(event, previous);
    if (verdict === undefined || verdict !== hex(event.hash)) {
      return { intact: false, seq: event.seq, why: 'the event does not say what its hash says' };
    }
    previous = Buffer.from(verdict, 'hex');
  }
  if (head !== undefined && (head.seq !== sorted.length || hex(head.hash) !== hex(previous))) {
    return { intact: false, seq: sorted.length + 1, why: `the chain ends at event ${sorted.length} and not where its head says (${head.seq})` };
  }
  return { intact: true, events: sorted.length, head: hex(previous) };
}

/** Undefined when the event cannot even be hashed (a time that is none, details that are no JSON). */
function hashOf(event: AuditEvent, previous: Uint8Array): string | undefined {
  try {
    return hex(chainHash(previous, event.seq, digestOfEntry(event.organizationId, event)));
  } catch {
    return undefined;
  }
}

function hex(hash: string | Uint8Array): string {
  return typeof hash === 'string' ? hash : Buffer.from(hash).toString('hex');
}
