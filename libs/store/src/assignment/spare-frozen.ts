import { parseLabelSelector } from '@meshfleet/model';
import { labelConditions } from '../cluster/label-conditions.ts';
import type { Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { OUTBOX_CHANNEL } from '../outbox/enqueue.ts';
import { openFreezes } from '../rollout/freezes.ts';
import type { FreezeRow } from '../rollout/freezes.ts';

/** SQL over `cluster c`: whether one of these freezes holds it. The list's first value must be the organization's id. */
export function heldByFreeze(freezes: readonly FreezeRow[], values: Values): string {
  const each = freezes.map(({ clusterSelector }) => ['true', ...labelConditions(parseLabelSelector(clusterSelector ?? ''), values)].join(' and '));
  return each.length === 0 ? 'false' : `((${each.join(') or (')}))`;
}

/** Those of the clusters that are frozen now. */
export async function frozenAmong(tx: Tx, clusterIds: readonly string[]): Promise<ReadonlySet<string>> {
  const freezes = await openFreezes(tx, new Date());
  if (freezes.length === 0) return NONE;
  const values = new Values([tx.organizationId, clusterIds]);
  const { rows } = await tx.query<{ id: string }>(`select c.id from cluster c where c.organization_id = $1 and c.id = any($2::uuid[]) and ${heldByFreeze(freezes, values)}`, values.list);
  return new Set(rows.map(({ id }) => id));
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Parts of a statement that assigns policy $2 of organization $1 to the clusters of `wanted`: `frozen` are those that stay as
 * they are, because `spared` (over `cluster c`) holds, and wait for their thaw.
 */
export const sparing = (spared: string, more = ''): string => `frozen as materialized (
    select c.id from cluster c where c.organization_id = $1 and ${spared} ${more} and (c.id in (select w.id from wanted w)
      or c.id in (select x.cluster_id from policy_cluster x where x.organization_id = $1 and x.policy_id = $2 and x.version is not null))),
  awaiting as (update cluster c set awaits_thaw = true from frozen f where c.id = f.id and not c.awaits_thaw)`;

/** These count as placed until they are thawed. */
export function awaitThaw(tx: Tx, clusterIds: readonly string[]): void {
  if (clusterIds.length === 0) return;
  tx.send('update cluster set placed = true, awaits_thaw = true where organization_id = $1 and id = any($2::uuid[])', [tx.organizationId, clusterIds]);
}

/** Has clusters placed anew that waited for the end of a freeze, and that none holds any longer. Cost follows those that wait. */
export async function thawClusters(tx: Tx, actor: string): Promise<number> {
  const freezes = await openFreezes(tx, new Date());
  const values = new Values([tx.organizationId, actor]);
  const { rows } = await tx.query<{ thawed: number }>(
    `with thawed as (
       update cluster c set awaits_thaw = false, placed = false where c.organization_id = $1 and c.awaits_thaw and not ${heldByFreeze(freezes, values)} returning c.id),
     told as (
       insert into outbox (organization_id, topic, payload)
       select $1, 'cluster.changed', jsonb_build_object('clusterId', t.id, 'reason', 'THAWED', 'actor', $2::text) from thawed t order by t.id returning 1)
     select count(*) as thawed from told`,
    values.list,
  );
  const thawed = rows[0]?.thawed ?? 0;
  if (thawed > 0) tx.notify(OUTBOX_CHANNEL, tx.organizationId);
  return thawed;
}
