import type { JsonObject } from '@meshfleet/model';
import type { Sql } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { keyset, slice, type Page, type Slice } from '../paging/keyset.ts';

export interface AuditRow {
  readonly seq: number;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly target: string | null;
  readonly details: JsonObject;
  readonly hash: Buffer;
}

/** What was done in the organization, newest first. */
export async function listAuditEvents(sql: Sql, page: Page): Promise<Slice<AuditRow>> {
  const values = new Values();
  const { conditions, tail } = keyset({ columns: [{ sql: 'seq', type: 'bigint' }], descending: true }, page, values);
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  const { rows } = await sql.query<AuditRow>(`select seq, at, actor, action, target, details, hash from audit_event ${where} ${tail}`, values.list);
  return slice(rows, page);
}
