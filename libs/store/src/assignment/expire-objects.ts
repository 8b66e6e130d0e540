import { UNCOMPILED_REVISION } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';

/**
 * Lets assignments of which an object has come to its end wait for a compilation, which leaves it out. By the clock of the
 * database, as compilations are; nothing happens when it runs twice.
 */
export async function markExpired(tx: Tx): Promise<number> {
  const { rowCount } = await tx.query(
    `update policy_cluster set revision = ${UNCOMPILED_REVISION}, status = 'PENDING', expires_at = null, updated_at = now()
     where organization_id = $1 and expires_at <= now()`,
    [tx.organizationId],
  );
  return rowCount;
}

/** How long until the next object ends, if that is within `withinMs`; in milliseconds, at least 0. Null: none does. */
export async function timeToNextExpiry(tx: Tx, withinMs: number): Promise<number | null> {
  const { rows } = await tx.query<{ wait: number | null }>(
    `select extract(epoch from min(expires_at) - now())::float8 * 1000 as wait from policy_cluster
     where organization_id = $1 and expires_at <= now() + $2::float8 * interval '1 millisecond'`,
    [tx.organizationId, withinMs],
  );
  const wait = rows[0]?.wait ?? null;
  return wait === null ? null : Math.max(0, Math.ceil(wait));
}
