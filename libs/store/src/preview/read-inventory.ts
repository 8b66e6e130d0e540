import type { JsonObject } from '@meshfleet/model';
import type { Tx } from '../connection/sql.ts';

export interface ClusterInventoryRow {
  readonly clusterId: string;
  readonly key: string;
  readonly body: JsonObject;
}

/** The inventories of some clusters, whole, or only the rows of these kinds: `Gateway.networking.istio.io`, `Service`. */
export async function readInventories(tx: Tx, clusterIds: readonly string[], kinds?: readonly string[]): Promise<ReadonlyMap<string, readonly ClusterInventoryRow[]>> {
  const { rows } = await tx.query<ClusterInventoryRow>(
    `select cluster_id as "clusterId", object_key as key, body from inventory_item
     where organization_id = $1 and cluster_id = any($2::uuid[]) and ($3::text[] is null or (kind = any($3) and split_part(object_key, '/', 1) = any($4)))`,
    [tx.organizationId, clusterIds, kinds?.map((kind) => kind.split('.')[0]) ?? null, kinds ?? null],
  );
  return Map.groupBy(rows, ({ clusterId }) => clusterId);
}

/** An inventory that is handed on unread: the JSON of `[key, body]` of each object. */
export interface InventoryText {
  readonly objects: number;
  readonly text: string;
}

/** How many objects of these kinds each cluster has; clusters with none are left out. */
export async function countInventories(tx: Tx, clusterIds: readonly string[], kinds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { rows } = await tx.query<{ clusterId: string; objects: number }>(
    `select cluster_id as "clusterId", count(*)::int as objects from inventory_item
     where organization_id = $1 and cluster_id = any($2::uuid[]) and kind = any($3::text[]) group by cluster_id`,
    [tx.organizationId, clusterIds, kinds],
  );
  return new Map(rows.map(({ clusterId, objects }) => [clusterId, objects]));
}

/** The objects of these kinds that a cluster has, as one text. */
export async function readInventoryText(tx: Tx, clusterId: string, kinds: readonly string[]): Promise<InventoryText> {
  const { rows } = await tx.query<InventoryText>(
    `select count(*)::int as objects, coalesce(json_agg(json_build_array(object_key, body))::text, '[]') as text from inventory_item
     where organization_id = $1 and cluster_id = $2::uuid and kind = any($3::text[])`,
    [tx.organizationId, clusterId, kinds],
  );
  return rows[0] ?? { objects: 0, text: '[]' };
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
