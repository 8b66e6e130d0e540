import type { Placement } from '@meshfleet/planner';
import { selectClusters } from '../assignment/select-clusters.ts';
import type { PlacedSubject } from '../assignment/select-clusters.ts';
import type { Tx } from '../connection/sql.ts';

/** A kind in one version, and clusters that do not serve it. */
export interface UnservedKind {
  /** `networking.istio.io/v1/VirtualService`, as agents report what is served. */
  readonly kind: string;
  readonly clusters: readonly string[];
}

/** Clusters that are looked at: what is wrong is seen in the first thousand, or it is rare. */
const MOST_CLUSTERS = 1_000;

/** Which of these kinds clusters that a placement selects do not serve. One that has reported nothing yet may serve any. */
export async function findUnservedKinds(tx: Tx, placement: Placement, subject: PlacedSubject, kinds: readonly string[]): Promise<UnservedKind[]> {
  if (kinds.length === 0) return [];
  const { text, values } = selectClusters(placement, subject, [tx.organizationId]);
  const { rows } = await tx.query<UnservedKind>(
    `with target as materialized (
       select c.name, c.facts->'servedKinds' as served from cluster c where c.id in (${text}) order by c.name limit ${MOST_CLUSTERS})
     select w.kind, array_agg(t.name order by t.name) as clusters
     from unnest($${values.length + 1}::text[]) as w (kind) join target t on not (t.served ? w.kind)
     where jsonb_typeof(t.served) = 'array' group by w.kind order by w.kind`,
    [...values, kinds],
  );
  return rows;
}
