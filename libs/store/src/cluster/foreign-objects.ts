import type { Placement } from '@meshfleet/planner';
import { selectClusters } from '../assignment/select-clusters.ts';
import type { PlacedSubject } from '../assignment/select-clusters.ts';
import type { Tx } from '../connection/sql.ts';

/** An object that is in clusters and that others wrote. */
export interface ForeignObject {
  readonly key: string;
  /** Field managers, as agents reported them last. */
  readonly managers: readonly string[];
  readonly clusters: readonly string[];
}

/** Clusters that are looked at: what is wrong is seen in the first thousand, or it is rare. */
const MOST_CLUSTERS = 1_000;

/** Which of these objects clusters that a placement selects have by somebody else. */
export async function findForeignObjects(tx: Tx, placement: Placement, subject: PlacedSubject, keys: readonly string[]): Promise<ForeignObject[]> {
  if (keys.length === 0) return [];
  const { text, values } = selectClusters(placement, subject, [tx.organizationId]);
  const { rows } = await tx.query<ForeignObject>(
    `with target as materialized (select c.id, c.name from cluster c where c.id in (${text}) order by c.name limit ${MOST_CLUSTERS})
     select i.object_key as key, array_agg(distinct i.body->>'managedBy') as managers, array_agg(t.name order by t.name) as clusters
     from target t join inventory_item i on i.organization_id = $1 and i.cluster_id = t.id and i.object_key = any($${values.length + 1}::text[])
     where i.body->>'managedBy' <> 'meshfleet' group by i.object_key order by i.object_key`,
    [...values, keys],
  );
  return rows;
}
