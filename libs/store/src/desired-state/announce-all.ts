import type { Tx } from '../connection/sql.ts';
import { announceDesired } from './announce.ts';

/**
 * Sends every cluster of the organization its current desired state again: the organization's mode or epoch has changed,
 * which each state carries. Writes nothing; pages by cluster id and returns where to go on, undefined at the end.
 */
export async function announcePage(tx: Tx, after: string | undefined, limit: number): Promise<string | undefined> {
  const { rows } = await tx.query<{ clusterId: string; epoch: number; revision: number }>(
    `select c.id as "clusterId", o.epoch, c.desired_revision as revision
     from cluster c join organization o on o.id = c.organization_id
     where c.organization_id = $1 and c.lifecycle = 'ACTIVE' and c.desired_revision > 0 and ($2::uuid is null or c.id > $2)
     order by c.id limit $3`,
    [tx.organizationId, after ?? null, limit],
  );
  announceDesired(tx, rows);
  return rows.length < limit ? undefined : rows.at(-1)?.clusterId;
}
