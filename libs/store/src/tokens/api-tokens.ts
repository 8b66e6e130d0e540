import type { Sql, Tx } from '../connection/sql.ts';

export interface ApiTokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: 'ADMIN' | 'OPERATOR' | 'VIEWER';
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}

const COLUMNS = `id, name, role, expires_at as "expiresAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt",
  created_by as "createdBy", created_at as "createdAt"`;

/** Tokens by id, revoked and expired ones too. */
export async function findApiTokens(sql: Sql, ids: readonly string[]): Promise<ApiTokenRow[]> {
  const { rows } = await sql.query<ApiTokenRow>(`select ${COLUMNS} from api_token where id = any($1::uuid[])`, [ids]);
  return rows;
}

/** By the SHA-256 of its secret, within the transaction's organization. */
export async function findApiTokenByHash(tx: Tx, hash: Uint8Array): Promise<ApiTokenRow | undefined> {
  const { rows } = await tx.query<ApiTokenRow>(`select ${COLUMNS} from api_token where organization_id = $1 and hash = $2`, [
    tx.organizationId,
    hash,
  ]);
  return rows[0];
}

export interface NewApiToken {
  readonly id: string;
  readonly name: string;
  readonly hash: Uint8Array;
  readonly role: ApiTokenRow['role'];
  readonly expiresAt: Date;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** Stores a token by the hash of its secret; the secret is never stored. */
export function insertApiToken(tx: Tx, token: NewApiToken): void {
  tx.send(
    `insert into api_token (id, organization_id, name, hash, role, expires_at, created_by, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [token.id, tx.organizationId, token.name, token.hash, token.role, token.expiresAt, token.createdBy, token.createdAt],
  );
}

/** False when there is no such token. Revoking twice keeps the first time. */
export async function revokeApiToken(tx: Tx, id: string, at: Date): Promise<boolean> {
  const { rowCount } = await tx.query('update api_token set revoked_at = coalesce(revoked_at, $2) where id = $1', [id, at]);
  return rowCount > 0;
}

/** Notes the use of a token, once a minute at most. */
export async function touchApiToken(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.query(`update api_token set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2::timestamptz - interval '1 minute')`, [id, at]);
}
