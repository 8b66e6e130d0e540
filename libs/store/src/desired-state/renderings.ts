import type { AssignedObject, RenderedCluster } from '@meshfleet/planner';
import type { Sql, Tx } from '../connection/sql.ts';

/** Names a rendering: that of a version for all clusters that are alike in what it depends on. */
export interface RenderingKey {
  readonly policyId: string;
  readonly version: number;
  /** `renderingOf` of the planner. */
  readonly rendering: string;
}

export interface StoredRendering extends RenderingKey {
  readonly objects: readonly AssignedObject[];
}

/**
 * What renderings ask of clusters, by their ids, with the schemas of these kinds as they can be looked up: one that the agent
 * names and nobody has sent yet is another than the same once it is there. So a rendering that could not be held to it is
 * taken for no other cluster, and is made anew when it comes.
 */
export async function findRenderedClusters(sql: Sql, clusterIds: readonly string[], kinds: readonly string[]): Promise<ReadonlyMap<string, RenderedCluster>> {
  const { rows } = await sql.query<RenderedCluster & { id: string }>(
    `select c.id, c.uid, c.name, c.labels, c.region, c.zone, c.network, c.mesh,
       (select jsonb_object_agg(w.kind, case when exists (select from kind_schema k where k.organization_id = c.organization_id and k.digest = w.digest) then w.digest else '${UNKNOWN}' || w.digest end)
        from (select kind, c.facts->'kindSchemas'->>kind as digest from unnest($2::text[]) as n (kind)) w where w.digest is not null) as "kindSchemas"
     from cluster c where c.id = any($1::uuid[])`,
    [clusterIds, kinds],
  );
  return new Map(rows.map(({ id, ...cluster }) => [id, cluster]));
}

const UNKNOWN = 'unknown ';

/** Those that were made before, in no order. */
export async function findRenderings(tx: Tx, keys: readonly RenderingKey[]): Promise<StoredRendering[]> {
  const { rows } = await tx.query<StoredRendering>(
    `select r.policy_id as "policyId", r.version, r.rendering, r.objects
     from unnest($2::uuid[], $3::int[], $4::text[]) as k (policy_id, version, rendering)
     cross join lateral (select * from policy_rendering w
       where w.policy_id = k.policy_id and w.version = k.version and w.rendering = k.rendering and w.organization_id = $1 limit 1) r`,
    [tx.organizationId, ...columnsOf(keys)],
  );
  return rows;
}

/** Keeps renderings for the next cluster that is alike. In one order, so that two that make the same never deadlock. */
export function storeRenderings(tx: Tx, renderings: readonly StoredRendering[]): void {
  const sorted = [...renderings].sort((a, b) => (`${a.policyId} ${a.version} ${a.rendering}` < `${b.policyId} ${b.version} ${b.rendering}` ? -1 : 1));
  tx.send(
    `insert into policy_rendering (organization_id, policy_id, version, rendering, objects)
     select $1, w.policy_id, w.version, w.rendering, w.objects::jsonb
     from unnest($2::uuid[], $3::int[], $4::text[], $5::text[]) as w (policy_id, version, rendering, objects)
     on conflict (policy_id, version, rendering) do nothing`,
    [tx.organizationId, ...columnsOf(sorted), sorted.map(({ objects }) => JSON.stringify(objects))],
  );
}

function columnsOf(keys: readonly RenderingKey[]): [string[], number[], string[]] {
  return [keys.map(({ policyId }) => policyId), keys.map(({ version }) => version), keys.map(({ rendering }) => rendering)];
}
