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
 * Which older policy holds what a version touches, in each cluster that a placement selects: of several the oldest. Of two names that a variable
 * fills in nobody knows before they are rendered: those that are written alike count, and no others.
 */
export async function findOlderHolders(tx: Tx, placement: Placement, subject: PlacedSubject, touched: readonly string[]): Promise<OlderHolder[]> {
  const { text, values: selection } = selectClusters(placement, subject, [tx.organizationId]);
  const values = new Values(selection);
  const [policy, names, keys] = [`${values.add(subject.policyId ?? null)}::uuid`, `${values.add(touched)}::text[]`, `${values.add([...new Set(touched.map(keyOf))])}::text[]`];
  const { rows } = await tx.query<OlderHolder>(
    `with older as materialized (
       select distinct p.id, p.name, p.created_at, v.version, n.name as touched from policy p
       join policy_version v on v.policy_id = p.id and v.version in (p.current_version, p.stable_version)
       cross join lateral ${touchedByVersion('v', `o.key = any(${keys})`)} as n (name)
       where p.organization_id = $1 and p.deleted_at is null and n.name = any(${names}) and p.id is distinct from ${policy}
         and not exists (select from policy me where me.id = ${policy} and (me.created_at, me.id) < (p.created_at, p.id)))
     select h.name as "policyName", h.touched, array_agg(c.name order by c.name) as clusters from (
       select distinct on (x.cluster_id, o.touched) x.cluster_id, o.name, o.touched from older o
       join policy_cluster x on x.organization_id = $1 and x.policy_id = o.id and x.version = o.version
       order by x.cluster_id, o.touched, o.created_at, o.id) h
     join cluster c on c.id = h.cluster_id where c.id in (${text})
     group by h.name, h.touched order by h.touched, h.name`,
    values.list,
  );
  return rows;
}

/** A key has no blank; what follows it is a label or annotation. */
function keyOf(touched: string): string {
  return touched.split(' ', 1)[0] ?? '';
}
