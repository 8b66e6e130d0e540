import type { Tx } from '../connection/sql.ts';

/**
 * For each object of a cluster whether it stays when we let it go, as far as the agent has said: what was there before a policy adopted it is given back,
 * and what was never ours is let be. An older agent does not say what it adopted.
 */
export async function findObjectsThatStay(tx: Tx, pairs: readonly { readonly clusterId: string; readonly key: string }[]): Promise<boolean[]> {
  const { rows } = await tx.query<{ stays: boolean }>(
    `select coalesce(i.body->'adopted' = 'true' or i.body->>'managedBy' <> 'meshfleet', false) as stays
     from unnest($2::uuid[], $3::text[]) with ordinality as w (cluster_id, object_key, place)
     left join inventory_item i on i.organization_id = $1 and i.cluster_id = w.cluster_id and i.object_key = w.object_key
     order by w.place`,
    [tx.organizationId, pairs.map(({ clusterId }) => clusterId), pairs.map(({ key }) => key)],
  );
  return rows.map(({ stays }) => stays);
}
