import type { Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { rowsOfClusters, type PlacedCluster } from './placed-clusters.ts';

/** An object, and clusters that do not have it. */
export interface MissingObject {
  readonly key: string;
  readonly clusters: readonly string[];
}

/**
 * Which of these objects, of kinds that every agent reports, these clusters do not have. One whose inventory
 * shows no namespace at all has not reported it.
 */
export async function findMissingObjects(tx: Tx, clusters: readonly PlacedCluster[], keys: readonly string[]): Promise<MissingObject[]> {
  if (clusters.length === 0 || keys.length === 0) return [];
  const values = new Values([tx.organizationId]);
  const { rows } = await tx.query<MissingObject>(
    `with target as materialized (
       select l.id, l.name from (${rowsOfClusters(clusters, values)}) l
       where exists (select from inventory_item i where i.organization_id = $1 and i.cluster_id = l.id and i.kind = 'Namespace' and i.namespace = ''))
     select w.key, array_agg(t.name order by t.name) as clusters
     from target t cross join unnest(${values.add(keys)}::text[]) as w (key)
     where not exists (select from inventory_item i where i.organization_id = $1 and i.cluster_id = t.id and i.object_key = w.key)
     group by w.key order by w.key`,
    values.list,
  );
  return rows;
}
