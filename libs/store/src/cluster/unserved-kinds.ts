import type { Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { rowsOfClusters, type PlacedCluster } from './placed-clusters.ts';

/** A kind in one version, and clusters that do not serve it. */
export interface UnservedKind {
  /** `networking.istio.io/v1/VirtualService`, as agents report what is served. */
  readonly kind: string;
  readonly clusters: readonly string[];
}

/** Which of these kinds these clusters do not serve. One that has reported nothing yet may serve any. */
export async function findUnservedKinds(tx: Tx, clusters: readonly PlacedCluster[], kinds: readonly string[]): Promise<UnservedKind[]> {
  if (clusters.length === 0 || kinds.length === 0) return [];
  const values = new Values([tx.organizationId]);
  const { rows } = await tx.query<UnservedKind>(
    `with target as materialized (
       select l.name, c.facts->'servedKinds' as served from (${rowsOfClusters(clusters, values)}) l join cluster c on c.id = l.id and c.organization_id = $1)
     select w.kind, array_agg(t.name order by t.name) as clusters
     from unnest(${values.add(kinds)}::text[]) as w (kind) join target t on not (t.served ? w.kind)
     where jsonb_typeof(t.served) = 'array' group by w.kind order by w.kind`,
    values.list,
  );
  return rows;
}
