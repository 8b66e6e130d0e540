import { isLimited, selectorOf } from '@meshfleet/planner';
import type { Placement } from '@meshfleet/planner';
import { labelConditions } from '../cluster/label-conditions.ts';
import { Values } from '../connection/values.ts';

/** SQL whose rows are the ids (column `id`) of clusters, with the values of its parameters. */
export interface ClusterSelection {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Whose places are handed out, where a placement takes only some of the clusters that match. */
export interface PlacedSubject {
  readonly policyName: string;
  /** Undefined: a policy that is not there yet, and holds no places. */
  readonly policyId: string | undefined;
}

/** Clusters that hold assignments. One in quarantine keeps its own, undelivered; one that waits for approval gets none. */
export const PLACEABLE = `('ACTIVE', 'QUARANTINED')`;

/**
 * Compiles a placement to SQL, so that its cost follows the clusters that match it and not the fleet. It selects exactly
 * what `choosePlaces` of the planner selects. `values` goes on from `given`, the parameters that the surrounding statement
 * has already; the first of them must be the organization's id.
 */
export function selectClusters(placement: Placement, subject: PlacedSubject, given: readonly unknown[]): ClusterSelection {
  const values = new Values(given);
  const { clusterNames, excludeClusterNames } = placement;
  const excluded = excludeClusterNames.length === 0 ? [] : [`c.name <> all(${values.add(excludeClusterNames)}::text[])`];
  const named = clusterNames.length === 0 ? undefined : `c.name = any(${values.add(clusterNames)}::text[])`;
  const selector = selectorOf(placement);
  const branches: string[] = [];
  if (named !== undefined) branches.push([CANDIDATES, named, ...excluded].join(' and '));
  if (selector !== null) {
    const conditions = [CANDIDATES, ...labelConditions(selector, values), ...excluded];
    if (!isLimited(placement)) branches.push(conditions.join(' and '));
    else branches.push(takePlaces([...conditions, ...(named === undefined ? [] : [`not (${named})`])].join(' and '), placement, subject, values));
  }
  // Without a branch there is nobody to exclude: a statement takes no parameter that it does not name.
  return branches.length === 0 ? { text: NOTHING, values: given } : { text: branches.join(' union '), values: values.list };
}

/** The clusters that a change of the policy reaches: those that are selected, and those that hold it and may lose it. */
export function selectReachedClusters(placement: Placement, subject: PlacedSubject, given: readonly unknown[]): ClusterSelection {
  const selected = selectClusters(placement, subject, given);
  if (subject.policyId === undefined) return selected;
  const values = new Values(selected.values);
  const holding = `select x.cluster_id from policy_cluster x where x.organization_id = $1 and x.policy_id = ${values.add(subject.policyId)}::uuid and x.version is not null`;
  return { text: `${selected.text} union ${holding}`, values: values.list };
}

/** Those who have the policy keep their place, new ones come in the order of a hash that is the policy's own. */
function takePlaces(matching: string, { percent, count }: Placement, { policyName, policyId }: PlacedSubject, values: Values): string {
  const held = `x.cluster_id = m.id and x.policy_id = ${values.add(policyId ?? null)}::uuid and x.version is not null`;
  const turn = `encode(sha256(convert_to(${values.add(`${policyName}/`)}::text || m.id::text, 'UTF8')), 'hex') collate "C"`;
  const limits = [
    ...(percent === null ? [] : [`ceil(p.total * ${values.add(percent)}::numeric / 100)`]),
    ...(count === null ? [] : [`${values.add(count)}::int`]),
  ];
  return `select p.id from (
      select m.id, row_number() over (order by x.cluster_id is null, ${turn}) as place, count(*) over () as total
      from (${matching}) m left join policy_cluster x on ${held}) p
    where p.place <= least(${limits.join(', ')})`;
}

const CANDIDATES = `select c.id from cluster c where c.organization_id = $1 and c.lifecycle in ${PLACEABLE}`;
const NOTHING = `select id from cluster where organization_id = $1 and false`;
