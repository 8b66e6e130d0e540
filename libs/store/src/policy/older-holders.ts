import type { Placement } from '@meshfleet/planner';
import { selectClusters } from '../assignment/select-clusters.ts';
import type { PlacedSubject } from '../assignment/select-clusters.ts';
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
 * Which older policies hold what a version touches, in the clusters that a placement selects. Of two names that a variable
 * fills in nobody knows before they are rendered: those that are written alike count, and no others.
 */
export async function findOlderHolders(tx: Tx, placement: Placement, subject: PlacedSubject, touched: readonly string[]): Promise<OlderHolder[]> {
  const { text, values: selection } = selectClusters(placement, subject, [tx.organizationId]);
  const values = new Values(selection);
  const [policy, names, keys] = [`${values.add(subject.policyId ?? null)}::uuid`, `${values.add(touched)}::text[]`, `${values.add([...new Set(touched.map(keyOf))])}::text[]`];
  const { rows } = await tx.query<OlderHolder>(
    `with older as materialized (
       select distinct p.id, p.name, v.version, n.name as touched from policy p
       join policy_version v on v.policy_id = p.id and v.version in (p.current_version, p.stable_version)
       cross join lateral ${touchedByVersion('v', `o.key = any(${keys})`)} as n (name)
       where p.organization_id = $1 and p.deleted_at is null and n.name = any(${names}) and p.id is distinct from ${policy}
         and not exists (select from policy me where me.id = ${policy} and (me.created_at, me.id) < (p.created_at, p.id)))
     select o.name as "policyName", o.touched, array_agg(c.name order by c.name) as clusters from older o
     join policy_cluster x on x.organization_id = $1 and x.policy_id = o.id and x.version = o.version
     join cluster c on c.id = x.cluster_id where c.id in (${text})
     group by o.name, o.touched order by o.touched, o.name`,
    values.list,
  );
  return rows;
}

/** A key has no blank; what follows it is a label or annotation. */
function keyOf(touched: string): string {
  return touched.split(' ', 1)[0] ?? '';
}
