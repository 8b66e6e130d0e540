import type { Placement } from '@meshfleet/planner';
import { selectClusters, type PlacedSubject } from '../assignment/select-clusters.ts';
import type { Tx } from '../connection/sql.ts';
import type { Values } from '../connection/values.ts';

/** A cluster that a placement selects. */
export interface PlacedCluster {
  readonly id: string;
  readonly name: string;
}

/** Clusters that are looked at for what may go wrong in them: it is seen in the first thousand, or it is rare. */
const MOST_CLUSTERS = 1_000;

/** The clusters that a placement selects now, the first thousand by name: selected once, for all that is asked of them. */
export async function findPlacedClusters(tx: Tx, placement: Placement, subject: PlacedSubject): Promise<PlacedCluster[]> {
  const { text, values } = selectClusters(placement, subject, [tx.organizationId]);
  const { rows } = await tx.query<PlacedCluster>(`select c.id, c.name from cluster c where c.id in (${text}) order by c.name limit ${MOST_CLUSTERS}`, values);
  return rows;
}

/** SQL whose rows are these clusters, with the columns `id` and `name`. */
export function rowsOfClusters(clusters: readonly PlacedCluster[], values: Values): string {
  return `select id, name from unnest(${values.add(clusters.map(({ id }) => id))}::uuid[], ${values.add(clusters.map(({ name }) => name))}::text[]) as listed (id, name)`;
}
