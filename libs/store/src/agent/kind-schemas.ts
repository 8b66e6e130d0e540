import type { ServedKind } from '@meshfleet/protocol';
import type { Sql, Tx } from '../connection/sql.ts';

/** Schemas that an organization may have: every version of every mesh that its clusters run, with room to spare. */
const MOST_SCHEMAS = 5_000;

/** Those of the digests whose schemas nobody has sent yet. */
export async function findUnknownSchemas(tx: Tx, digests: readonly string[]): Promise<string[]> {
  if (digests.length === 0) return [];
  const { rows } = await tx.query<{ digest: string }>(
    `select w.digest from unnest($2::text[]) as w (digest)
     where not exists (select from kind_schema k where k.organization_id = $1 and k.digest = w.digest)`,
    [tx.organizationId, digests],
  );
  return rows.map(({ digest }) => digest);
}

/** Keeps the schemas of a kind under their digest, once; false when the organization has too many. */
export async function insertKindSchema(tx: Tx, digest: string, body: ServedKind): Promise<boolean> {
  const text = JSON.stringify(body);
  const { rows } = await tx.query<{ full: boolean }>(`select count(*) >= ${MOST_SCHEMAS} as full from kind_schema where organization_id = $1`, [tx.organizationId]);
  if (rows[0]?.full === true) return false;
  tx.send('insert into kind_schema (organization_id, digest, body, size) values ($1, $2, $3, $4) on conflict (organization_id, digest) do nothing', [tx.organizationId, digest, text, Buffer.byteLength(text)]);
  return true;
}

/** Schemas by digest; those that are not there are left out. */
export async function findKindSchemas(sql: Sql, digests: readonly string[]): Promise<ReadonlyMap<string, ServedKind>> {
  const { rows } = await sql.query<{ digest: string; body: ServedKind }>('select digest, body from kind_schema where digest = any($1::text[])', [digests]);
  return new Map(rows.map(({ digest, body }) => [digest, body]));
}
