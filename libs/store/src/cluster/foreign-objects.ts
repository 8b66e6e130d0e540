import type { Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { rowsOfClusters, type PlacedCluster } from './placed-clusters.ts';

/** An object that is in clusters and that others wrote. */
export interface ForeignObject {
  readonly key: string;
  /** Field managers, as agents reported them last. */
  readonly managers: readonly string[];
  readonly clusters: readonly string[];
}

/** Which of these objects these clusters have by somebody else. */
export async function findForeignObjects(tx: Tx, clusters: readonly PlacedCluster[], keys: readonly string[]): Promise<ForeignObject[]> {
  if (clusters.length === 0 || keys.length === 0) return [];
  const values = new Values([tx.organizationId]);
  const { rows } = await tx.query<ForeignObject>(
    `with target as materialized (${rowsOfClusters(clusters, values)})
     select i.object_key as key, array_agg(distinct i.body->>'managedBy') as managers, array_agg(t.name order by t.name) as clusters
     from target t join inventory_item i on i.organization_id = $1 and i.cluster_id = t.id and i.object_key = any(${values.add(keys)}::text[])
     where i.body->>'managedBy' <> 'meshfleet' group by i.object_key order by i.object_key`,
    values.list,
  );
  return rows;
}
