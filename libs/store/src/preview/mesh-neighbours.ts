import type { Tx } from '../connection/sql.ts';

/** What the other clusters of a cluster's mesh have that its own API server does not know of. */
export interface MeshNeighbours {
  /** `reviews.shop.svc.cluster.local` */
  readonly hostsElsewhere: ReadonlySet<string>;
  readonly namespacesElsewhere: ReadonlySet<string>;
}

export const NO_NEIGHBOURS: MeshNeighbours = { hostsElsewhere: new Set(), namespacesElsewhere: new Set() };

/** Hosts and namespaces of a mesh: read once for all of its clusters, each of which takes what others have. */
export interface MeshHoldings {
  readonly parts: readonly HeldPart[];
}

interface HeldPart {
  /** The one cluster that has these; null: several have. */
  readonly clusterId: string | null;
  readonly hosts: readonly string[];
  readonly namespaces: readonly string[];
}

const NOTHING_HELD: MeshHoldings = { parts: [] };

/** The mesh of each cluster, in their order; null where there is none. */
export async function readMeshesOf(tx: Tx, clusterIds: readonly string[]): Promise<readonly (string | null)[]> {
  const { rows } = await tx.query<{ id: string; mesh: string | null }>(`select id, mesh from cluster where organization_id = $1 and id = any($2::uuid[])`, [tx.organizationId, clusterIds]);
  const meshes = new Map(rows.map(({ id, mesh }) => [id, mesh]));
  return clusterIds.map((id) => meshes.get(id) ?? null);
}

/** What the clusters of each mesh have, in the order of the meshes. Costs what they hold, however many of them ask. */
export async function readMeshHoldings(tx: Tx, meshes: readonly string[]): Promise<readonly MeshHoldings[]> {
  const { rows } = await tx.query<HeldPart & { readonly mesh: string }>(
    `with held as (
       select c.mesh, case when i.kind = 'Namespace' then i.name else i.namespace end as namespace,
         case when i.kind = 'Service' then i.name || '.' || i.namespace || '.svc.cluster.local' end as host, c.id::text as cluster_id
       from cluster c join inventory_item i on i.organization_id = c.organization_id and i.cluster_id = c.id and i.kind in ('Service', 'Namespace')
       where c.organization_id = $1 and c.mesh = any($2::text[]) and c.lifecycle in ('ACTIVE', 'QUARANTINED')
     ), named as (
       select mesh, host, null as namespace, case when min(cluster_id) = max(cluster_id) then min(cluster_id) end as cluster_id from held where host is not null group by mesh, host
       union all
       select mesh, null, namespace, case when min(cluster_id) = max(cluster_id) then min(cluster_id) end from held group by mesh, namespace
     )
     select mesh, cluster_id as "clusterId", coalesce(array_agg(host) filter (where host is not null), '{}') as hosts,
       coalesce(array_agg(namespace) filter (where namespace is not null), '{}') as namespaces
     from named group by mesh, cluster_id`,
    [tx.organizationId, meshes],
  );
  const parts = Map.groupBy(rows, ({ mesh }) => mesh);
  return meshes.map((mesh) => ({ parts: parts.get(mesh) ?? NOTHING_HELD.parts }));
}

/** What a cluster of the mesh does not have alone. */
export function neighboursIn({ parts }: MeshHoldings, clusterId: string): MeshNeighbours {
  const others = parts.filter((part) => part.clusterId !== clusterId);
  return { hostsElsewhere: new Set(others.flatMap(({ hosts }) => hosts)), namespacesElsewhere: new Set(others.flatMap(({ namespaces }) => namespaces)) };
}
