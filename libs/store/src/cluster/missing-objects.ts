import type { Placement } from '@meshfleet/planner';
import { selectClusters } from '../assignment/select-clusters.ts';
import type { PlacedSubject } from '../assignment/select-clusters.ts';
import type { Tx } from '../connection/sql.ts';

/** An object, and clusters that do not have it. */
export interface MissingObject {
  readonly key: string;
  readonly clusters: readonly string[];
}

/** Clusters that are looked at: what is wrong is seen in the first thousand, or it is rare. */
const MOST_CLUSTERS = 1_000;

/**
 * Which of these objects, of kinds that every agent reports, clusters that a placement selects do not have. One whose inventory
 * shows no namespace at all has not reported it.
 */
export async function findMissingObjects(tx: Tx, placement: Placement, subject: PlacedSubject, keys: readonly string[]): Promise<MissingObject[]> {
  if (keys.length === 0) return [];
  const { text, values } = selectClusters(placement, subject, [tx.organizationId]);
  const { rows } = await tx.query<MissingObject>(
    `with target as materialized (
       select c.id, c.name from cluster c where c.id in (${text})
         and exists (select from inventory_item i where i.organization_id = $1 and i.cluster_id = c.id and i.kind = 'Namespace' and i.namespace = '')
       order by c.name limit ${MOST_CLUSTERS})
     select w.key, array_agg(t.name order by t.name) as clusters
     from target t cross join unnest($${values.length + 1}::text[]) as w (key)
     where not exists (select from inventory_item i where i.organization_id = $1 and i.cluster_id = t.id and i.object_key = w.key)
     group by w.key order by w.key`,
    [...values, keys],
  );
  return rows;
}
