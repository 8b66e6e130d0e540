import type { JsonObject } from '@meshfleet/model';
import type { Tx } from '../connection/sql.ts';

export interface ClusterInventoryRow {
  readonly clusterId: string;
  readonly key: string;
  readonly body: JsonObject;
}

/** What an inventory weighs before it is read: objects, and about so many bytes of JSON. */
export interface InventoryWeight {
  readonly objects: number;
  readonly bytes: number;
}

/** What is read of one inventory at most. */
export type InventoryBounds = InventoryWeight;

/** An inventory that is handed on unread: the JSON of `[key, body]` of each object; null when it is larger than the bounds. */
export interface InventoryText extends InventoryWeight {
  readonly text: string | null;
}

/** Of these kinds, or of all (null), what no more than one object above the bound weighs: what is larger is too large anyway. */
const WEIGHT = `select count(*)::int as objects, coalesce(sum(octet_length(object_key) + octet_length(body::text) + 8), 0)::float8 as bytes
     from (select object_key, body from inventory_item where organization_id = $1 and cluster_id = c.id and ($3::text[] is null or kind = any($3)) limit $4 + 1) part`;

/** What the inventories of some clusters weigh; of one with more objects than `most` so many more than that are told, and no more weighed. */
export async function weighInventories(tx: Tx, clusterIds: readonly string[], kinds: readonly string[] | null, most: number): Promise<ReadonlyMap<string, InventoryWeight>> {
  const { rows } = await tx.query<InventoryWeight & { clusterId: string }>(
    `select c.id as "clusterId", w.objects, w.bytes from unnest($2::uuid[]) c (id) cross join lateral (${WEIGHT}) w`,
    [tx.organizationId, clusterIds, kinds, most],
  );
  return new Map(rows.map(({ clusterId, objects, bytes }) => [clusterId, { objects, bytes }]));
}

/** The objects of these kinds (null: of all) that each cluster has, as one text for each; what is larger than the bounds is weighed alone. */
export async function readInventoryTexts(tx: Tx, clusterIds: readonly string[], kinds: readonly string[] | null, bounds: InventoryBounds): Promise<ReadonlyMap<string, InventoryText>> {
  const { rows } = await tx.query<InventoryText & { clusterId: string }>(
    `select c.id as "clusterId", w.objects, w.bytes, case when w.objects <= $4 and w.bytes <= $5 then
       (select coalesce(json_agg(json_build_array(object_key, body))::text, '[]') from inventory_item
        where organization_id = $1 and cluster_id = c.id and ($3::text[] is null or kind = any($3))) end as text
     from unnest($2::uuid[]) c (id) cross join lateral (${WEIGHT}) w`,
    [tx.organizationId, clusterIds, kinds, bounds.objects, bounds.bytes],
  );
  return new Map(rows.map(({ clusterId, objects, bytes, text }) => [clusterId, { objects, bytes, text }]));
}

/** The rows of given objects, by cluster; what no agent has reported is left out. */
export async function readInventoryObjects(tx: Tx, pairs: readonly { readonly clusterId: string; readonly key: string }[]): Promise<ReadonlyMap<string, readonly ClusterInventoryRow[]>> {
  const { rows } = await tx.query<ClusterInventoryRow>(
    `select i.cluster_id as "clusterId", i.object_key as key, i.body
     from unnest($2::uuid[], $3::text[]) as w (cluster_id, object_key)
     join inventory_item i on i.cluster_id = w.cluster_id and i.object_key = w.object_key
     where i.organization_id = $1`,
    [tx.organizationId, pairs.map(({ clusterId }) => clusterId), pairs.map(({ key }) => key)],
  );
  return Map.groupBy(rows, ({ clusterId }) => clusterId);
}

/** Namespaces in which the agent of each cluster sees a control plane of Istio; clusters without one are left out. */
export async function readIstioNamespaces(tx: Tx, clusterIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await tx.query<{ id: string; namespaces: string[] }>(
    `select c.id, array_agg(distinct found->>'namespace') as namespaces
     from cluster c, jsonb_path_query(c.facts, '$.meshes[*] ? (@.flavour == "ISTIO" && @.namespace != "")') found
     where c.organization_id = $1 and c.id = any($2::uuid[])
     group by c.id`,
    [tx.organizationId, clusterIds],
  );
  return new Map(rows.map(({ id, namespaces }) => [id, namespaces]));
}
