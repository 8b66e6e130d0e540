import type { Tx } from '../connection/sql.ts';

/**
 * Sets how far each policy is in these clusters, by the rule of the planner's `statusOf`, from what is stored by now:
 * PENDING until the revision that carries it is acknowledged in the current epoch, then FAILED, DRIFTED or APPLIED by the
 * conditions of its objects. A withdrawal that is acknowledged and failed nowhere is done: its row goes. Rows that stay as
 * they are are not written. Returns the policies that changed, and the rollouts that are under way of these and of the
 * policies that were `heard` of though their status may stay.
 */
export async function advancePolicyStatus(tx: Tx, clusterIds: readonly string[], heard: readonly string[]): Promise<AdvancedPolicies> {
  const { rows } = await tx.query<{ policyId: string; moved: boolean; rolloutId: string | null }>(ADVANCE, [tx.organizationId, clusterIds, heard]);
  return { policyIds: rows.filter(({ moved }) => moved).map(({ policyId }) => policyId), rolloutIds: rows.flatMap(({ rolloutId }) => rolloutId ?? []) };
}

export interface AdvancedPolicies {
  readonly policyIds: readonly string[];
  readonly rolloutIds: readonly string[];
}

// Clusters and their rows by their keys, wherever they are named: where others hold many policies, a join on what was judged would
// read the whole fleet, and all that it holds, for three clusters.
const ADVANCE = `
  with told as materialized (
    select c.id, c.acked_epoch, c.acked_revision, o.epoch from cluster c join organization o on o.id = c.organization_id
    where c.organization_id = $1 and c.id = any($2::uuid[])
  ), judged as (
    select p.cluster_id, p.policy_id, p.version, p.status as held, case
        when p.revision = 0 or c.acked_epoch <> c.epoch or c.acked_revision < p.revision then 'PENDING'
        when coalesce(k.failed, false) then 'FAILED'
        when coalesce(k.drifted, false) then 'DRIFTED'
        else 'APPLIED' end as status
    from policy_cluster p
    join told c on c.id = p.cluster_id
    left join lateral (
      select bool_or(x.status = 'FAILED') as failed, bool_or(x.status = 'DRIFTED') as drifted
      from object_condition x where x.cluster_id = p.cluster_id and x.policy_id = p.policy_id) k on true
    where p.organization_id = $1 and p.cluster_id = any($2::uuid[])
  ), done as (
    delete from policy_cluster p using judged j
    where p.cluster_id = any($2::uuid[]) and p.cluster_id = j.cluster_id and p.policy_id = j.policy_id and p.version is null and j.version is null
      and j.status in ('APPLIED', 'DRIFTED')
    returning p.policy_id, p.cluster_id
  ), forgotten as (
    delete from object_condition x using done d where x.cluster_id = d.cluster_id and x.policy_id = d.policy_id
  ), moved as (
    update policy_cluster p set status = j.status, updated_at = now() from judged j
    where p.cluster_id = any($2::uuid[]) and p.cluster_id = j.cluster_id and p.policy_id = j.policy_id and j.status <> j.held
      and not (j.version is null and j.status in ('APPLIED', 'DRIFTED'))
    returning p.policy_id
  )
  select policy_id as "policyId", bool_or(moved) as moved,
    (select r.id from rollout r where r.policy_id = changed.policy_id and r.active) as "rolloutId"
  from (select policy_id, true as moved from done union all select policy_id, true from moved union all select unnest($3::uuid[]), false) changed
  group by policy_id`;
