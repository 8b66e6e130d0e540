import type { Placement } from '@meshfleet/planner';
import { selectClusters } from '../assignment/select-clusters.ts';
import type { PlacedSubject } from '../assignment/select-clusters.ts';
import type { Tx } from '../connection/sql.ts';
import type { KindSchemas } from '../desired-state/served-kinds.ts';

/** Clusters that serve the same schemas, as far as their agents have told. */
export interface ServedGroup {
  readonly kindSchemas: KindSchemas;
  readonly clusters: readonly string[];
}

/** Clusters that are looked at: what is wrong is seen in the first thousand, or it is rare. */
const MOST_CLUSTERS = 1_000;

/** The clusters that a placement selects now, the first thousand by name, by the schemas that they serve. */
export async function findServedGroups(tx: Tx, placement: Placement, subject: PlacedSubject): Promise<ServedGroup[]> {
  const { text, values } = selectClusters(placement, subject, [tx.organizationId]);
  const { rows } = await tx.query<ServedGroup>(
    `select t.schemas as "kindSchemas", array_agg(t.name order by t.name) as clusters
     from (select c.name, c.facts->'kindSchemas' as schemas from cluster c where c.id in (${text}) order by c.name limit ${MOST_CLUSTERS}) t
     group by t.schemas order by min(t.name)`,
    [...values],
  );
  return rows;
}
