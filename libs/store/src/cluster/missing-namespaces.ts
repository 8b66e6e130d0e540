import type { Placement } from '@meshfleet/planner';
import { selectClusters } from '../assignment/select-clusters.ts';
import type { PlacedSubject } from '../assignment/select-clusters.ts';
import type { Tx } from '../connection/sql.ts';

/** A namespace, and clusters that do not have it. */
export interface MissingNamespace {
  readonly namespace: string;
  readonly clusters: readonly string[];
}

/** Clusters that are looked at: what is wrong is seen in the first thousand, or it is rare. */
const MOST_CLUSTERS = 1_000;

/** Which of these namespaces clusters that a placement selects do not have. One whose inventory shows no namespace at all has not reported it. */
export async function findMissingNamespaces(tx: Tx, placement: Placement, subject: PlacedSubject, namespaces: readonly string[]): Promise<MissingNamespace[]> {
  if (namespaces.length === 0) return [];
  const { text, values } = selectClusters(placement, subject, [tx.organizationId]);
  const { rows } = await tx.query<MissingNamespace>(
    `with target as materialized (select c.id, c.name from cluster c where c.id in (${text}) order by c.name limit ${MOST_CLUSTERS})
     select w.namespace, array_agg(t.name order by t.name) as clusters
     from target t cross join unnest($${values.length + 1}::text[]) as w (namespace)
     where exists (select ${NAMESPACES}) and not exists (select ${NAMESPACES} and i.name = w.namespace)
     group by w.namespace order by w.namespace`,
    [...values, namespaces],
  );
  return rows;
}

const NAMESPACES = `from inventory_item i where i.organization_id = $1 and i.cluster_id = t.id and i.kind = 'Namespace' and i.namespace = ''`;
