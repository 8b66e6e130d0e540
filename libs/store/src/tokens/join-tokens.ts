import type { Sql, Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { keyset, slice, type Order, type Page, type Slice } from '../paging/keyset.ts';

export interface JoinTokenRow {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly maxUses: number;
  readonly uses: number;
  readonly requireApproval: boolean;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}

const COLUMNS = `id, name, labels, max_uses as "maxUses", uses, require_approval as "requireApproval", expires_at as "expiresAt",
  revoked_at as "revokedAt", created_by as "createdBy", created_at as "createdAt"`;

/** Ids are made in the order of time, newest first here. */
const NEWEST_FIRST: Order = { columns: [{ sql: 'id', type: 'uuid' }], descending: true };

/** The organization's join tokens, used up and expired ones too. */
export async function listJoinTokens(sql: Sql, page: Page): Promise<Slice<JoinTokenRow>> {
  const values = new Values();
  const { conditions, tail } = keyset(NEWEST_FIRST, page, values);
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  const { rows } = await sql.query<JoinTokenRow>(`select ${COLUMNS} from join_token ${where} ${tail}`, values.list);
  return slice(rows, page);
}

/** How many join tokens the organization has. */
export async function countJoinTokens(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ count: number }>('select count(*) as count from join_token');
  return rows[0]?.count ?? 0;
}

/** Join tokens by id. */
export async function findJoinTokens(sql: Sql, ids: readonly string[]): Promise<JoinTokenRow[]> {
  const { rows } = await sql.query<JoinTokenRow>(`select ${COLUMNS} from join_token where id = any($1::uuid[])`, [ids]);
  return rows;
}

export interface NewJoinToken {
  readonly id: string;
  readonly name: string;
  readonly hash: Uint8Array;
  readonly labels: Readonly<Record<string, string>>;
  readonly maxUses: number;
  readonly requireApproval: boolean;
  readonly expiresAt: Date;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** Stores a join token by the hash of its secret; the secret is never stored. */
export function insertJoinToken(tx: Tx, token: NewJoinToken): void {
  tx.send(
    `insert into join_token (id, organization_id, name, hash, labels, max_uses, require_approval, expires_at, created_by, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      token.id,
      tx.organizationId,
      token.name,
      token.hash,
      JSON.stringify(token.labels),
      token.maxUses,
      token.requireApproval,
      token.expiresAt,
      token.createdBy,
      token.createdAt,
    ],
  );
}

/** False when there is no such token. Revoking twice keeps the first time. */
export async function revokeJoinToken(tx: Tx, id: string, at: Date): Promise<boolean> {
  const { rowCount } = await tx.query('update join_token set revoked_at = coalesce(revoked_at, $2) where id = $1', [id, at]);
  return rowCount > 0;
}
