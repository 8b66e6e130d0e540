import type { Sql, Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { keyset, slice, type Order, type Page, type Slice } from '../paging/keyset.ts';

export interface PolicyRow {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly currentVersion: number;
  /** What clusters hold that no rollout speaks for; 0 before the first is established. */
  readonly stableVersion: number;
  readonly deletedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const COLUMNS = `p.id, p.name, p.description, p.current_version as "currentVersion", p.stable_version as "stableVersion", p.deleted_at as "deletedAt",
  p.created_at as "createdAt", p.updated_at as "updatedAt"`;
const BY_NAME: Order = { columns: [{ sql: 'p.name', type: 'text' }, { sql: 'p.id', type: 'uuid' }] };

/** The organization's policies by name, without the deleted ones. */
export async function listPolicies(tx: Tx, filter: { readonly text?: string }, page: Page): Promise<Slice<PolicyRow>> {
  const values = new Values();
  const filters = conditionsOf(tx, filter, values);
  const { conditions, tail } = keyset(BY_NAME, page, values);
  const { rows } = await tx.query<PolicyRow>(
    `select ${COLUMNS} from policy p where ${[...filters, ...conditions].join(' and ')} ${tail}`,
    values.list,
  );
  return slice(rows, page);
}

/** How many policies a filter finds, without the deleted ones. */
export async function countPolicies(tx: Tx, filter: { readonly text?: string }): Promise<number> {
  const values = new Values();
  const { rows } = await tx.query<{ count: number }>(
    `select count(*) as count from policy p where ${conditionsOf(tx, filter, values).join(' and ')}`,
    values.list,
  );
  return rows[0]?.count ?? 0;
}

/** By id, deleted ones too: their versions stay readable. */
export async function findPolicies(sql: Sql, ids: readonly string[]): Promise<PolicyRow[]> {
  const { rows } = await sql.query<PolicyRow>(`select ${COLUMNS} from policy p where p.id = any($1::uuid[])`, [ids]);
  return rows;
}

/** The live policy of that name. */
export async function findPolicyByName(tx: Tx, name: string): Promise<PolicyRow | undefined> {
  const { rows } = await tx.query<PolicyRow>(
    `select ${COLUMNS} from policy p where p.organization_id = $1 and p.name = $2 and p.deleted_at is null`,
    [tx.organizationId, name],
  );
  return rows[0];
}

function conditionsOf(tx: Tx, filter: { readonly text?: string }, values: Values): string[] {
  const conditions = [`p.organization_id = ${values.add(tx.organizationId)}`, 'p.deleted_at is null'];
  if (filter.text !== undefined && filter.text !== '') {
    const text = values.add(filter.text.toLowerCase());
    conditions.push(`(strpos(lower(p.name), ${text}) > 0 or strpos(lower(p.description), ${text}) > 0)`);
  }
  return conditions;
}
