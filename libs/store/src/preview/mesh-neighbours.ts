import type { Tx } from '../connection/sql.ts';

/** What the other clusters of a cluster's mesh have that its own API server does not know of. */
export interface MeshNeighbours {
  /** `reviews.shop.svc.cluster.local` */
  readonly hostsElsewhere: ReadonlySet<string>;
  readonly namespacesElsewhere: ReadonlySet<string>;
}

export const NO_NEIGHBOURS: MeshNeighbours = { hostsElsewhere: new Set(), namespacesElsewhere: new Set() };

/** Services and namespaces of the clusters that share a mesh with each of these; clusters without a mesh, or alone in it, are left out. */
export async function readMeshNeighbours(tx: Tx, clusterIds: readonly string[]): Promise<ReadonlyMap<string, MeshNeighbours>> {
  const { rows } = await tx.query<{ clusterId: string; namespaces: string[]; hosts: string[] }>(
    `select c.id as "clusterId", array_agg(distinct case when i.kind = 'Namespace' then i.name else i.namespace end) as namespaces,
       coalesce(array_agg(distinct i.name || '.' || i.namespace || '.svc.cluster.local') filter (where i.kind = 'Service'), '{}') as hosts
     from cluster c
     join cluster o on o.organization_id = c.organization_id and o.mesh = c.mesh and o.id <> c.id and o.lifecycle in ('ACTIVE', 'QUARANTINED')
     join inventory_item i on i.organization_id = c.organization_id and i.cluster_id = o.id and i.kind in ('Service', 'Namespace')
     where c.organization_id = $1 and c.id = any($2::uuid[])
     group by c.id`,
    [tx.organizationId, clusterIds],
  );
  return new Map(rows.map(({ clusterId, namespaces, hosts }) => [clusterId, { hostsElsewhere: new Set(hosts), namespacesElsewhere: new Set(namespaces) }]));
}
