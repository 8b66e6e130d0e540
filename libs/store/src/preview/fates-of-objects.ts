import type { Tx } from '../connection/sql.ts';

/** What comes of an object when we let it go: it is deleted, given back to whom it was taken of, or let be; unknown where the agent has not said enough. */
export type ObjectFate = 'REMOVED' | 'HANDED_BACK' | 'KEPT' | 'UNKNOWN';

/**
 * What comes of each of these objects of clusters when we let it go, as far as the agent has said: what was there before a policy adopted it is given back,
 * and what was never ours is let be. An older agent does not say what it adopted.
 */
export async function findFatesOfObjects(tx: Tx, pairs: readonly { readonly clusterId: string; readonly key: string }[]): Promise<ObjectFate[]> {
  const { rows } = await tx.query<{ fate: ObjectFate }>(
    `select case when i.body->'adopted' = 'true' then 'HANDED_BACK'
         when i.body->>'managedBy' <> 'meshfleet' then 'KEPT'
         when i.body->>'managedBy' = 'meshfleet' and c.facts->'features' ? 'INVENTORY_AS_OF' then 'REMOVED'
         else 'UNKNOWN' end as fate
     from unnest($2::uuid[], $3::text[]) with ordinality as w (cluster_id, object_key, place)
     left join cluster c on c.organization_id = $1 and c.id = w.cluster_id
     left join inventory_item i on i.organization_id = $1 and i.cluster_id = w.cluster_id and i.object_key = w.object_key
     order by w.place`,
    [tx.organizationId, pairs.map(({ clusterId }) => clusterId), pairs.map(({ key }) => key)],
  );
  return rows.map(({ fate }) => fate);
}
