import { rowsOfClusters, type PlacedCluster } from '../cluster/placed-clusters.ts';
import type { Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { touchedByVersion } from '../rollout/object-overlap.ts';

/** Something that an older policy holds where another wants it too, and the clusters in which it does. */
export interface OlderHolder {
  readonly policyName: string;
  /** As the planner's `touchedNames` names it. */
  readonly touched: string;
  readonly clusters: readonly string[];
}

/**
 * Which older policy holds what a version touches, in each of these clusters: of several the oldest. Of two names that a variable
 * fills in nobody knows before they are rendered: those that are written alike count, and no others.
 */
export async function findOlderHolders(tx: Tx, clusters: readonly PlacedCluster[], policyId: string | undefined, touched: readonly string[]): Promise<OlderHolder[]> {
  if (clusters.length === 0 || touched.length === 0) return [];
  const values = new Values([tx.organizationId]);
  const [policy, names, keys] = [`${values.add(policyId ?? null)}::uuid`, `${values.add(touched)}::text[]`, `${values.add([...new Set(touched.map(keyOf))])}::text[]`];
  const { rows } = await tx.query<OlderHolder>(
    // From the clusters to what they hold: its cost follows those that are reached, not the policies that there are.
    `with target as materialized (${rowsOfClusters(clusters, values)}),
     older as materialized (
       select p.id, p.name, p.created_at, h.version, n.name as touched from (
         select distinct x.policy_id, x.version from policy_cluster x where x.organization_id = $1 and x.version is not null and x.cluster_id in (select id from target)) h
       join policy p on p.id = h.policy_id and p.deleted_at is null and p.id is distinct from ${policy}
         and not exists (select from policy me where me.id = ${policy} and (me.created_at, me.id) < (p.created_at, p.id))
       join policy_version v on v.policy_id = h.policy_id and v.version = h.version
       cross join lateral ${touchedByVersion('v', `o.key = any(${keys})`)} as n (name) where n.name = any(${names}))
     select holder.name as "policyName", holder.touched, array_agg(holder.cluster_name order by holder.cluster_name) as clusters from (
       select distinct on (t.name, o.touched) t.name as cluster_name, o.name, o.touched from older o
       join policy_cluster x on x.organization_id = $1 and x.policy_id = o.id and x.version = o.version join target t on t.id = x.cluster_id
       order by t.name, o.touched, o.created_at, o.id) holder
     group by holder.name, holder.touched order by holder.touched, holder.name`,
    values.list,
  );
  return rows;
}

/** A key has no blank; what follows it is a label or annotation. */
function keyOf(touched: string): string {
  return touched.split(' ', 1)[0] ?? '';
}
