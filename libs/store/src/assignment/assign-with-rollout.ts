import { UNCOMPILED_REVISION } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';
import { PLACEABLE } from './select-clusters.ts';
import { sparing } from './spare-frozen.ts';

/**
 * Assigns a policy of which a rollout is in force: its clusters hold what their rows say, all others what the placement of
 * the stable version selects (`wanted`), but for those that are `spared`. Parameters: organization, policy, stable version, rollout.
 */
export const assigningWithRollout = (wanted: string, spared: string): string => `
  with spoken as materialized (
    select r.cluster_id as id, r.version from rollout_cluster r join cluster c on c.id = r.cluster_id
    where r.organization_id = $1 and r.rollout_id = $4::uuid and c.lifecycle in ${PLACEABLE}),
  placed as materialized (${wanted}),
  wanted as materialized (
    select s.id, s.version from spoken s where s.version is not null
    union all
    select p.id, $3::int from placed p where p.id not in (select s.id from spoken s)),
  ${sparing(spared, 'and c.id not in (select s.id from spoken s)')},
  assigned as (
    insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status, object_count)
    select $1, $2, w.id, w.version, ${UNCOMPILED_REVISION}, 'PENDING', jsonb_array_length(v.objects)
    from wanted w join policy_version v on v.policy_id = $2 and v.version = w.version
    where w.id not in (select f.id from frozen f) and (w.id, w.version) not in (
      select x.cluster_id, x.version from policy_cluster x where x.organization_id = $1 and x.policy_id = $2 and x.version is not null)
    order by w.id
    on conflict (cluster_id, policy_id) do update set version = excluded.version, revision = excluded.revision,
      status = excluded.status, object_count = excluded.object_count, updated_at = now()
    returning 1),
  withdrawn as (
    update policy_cluster x set version = null, revision = ${UNCOMPILED_REVISION}, status = 'PENDING', updated_at = now()
    where x.organization_id = $1 and x.policy_id = $2 and x.version is not null and x.cluster_id not in (select w.id from wanted w)
      and x.cluster_id not in (select f.id from frozen f)
    returning 1)
  select (select count(*) from assigned) as assigned, (select count(*) from withdrawn) as withdrawn`;

/** What rollouts say of some clusters. */
export interface RolloutWord {
  readonly clusterId: string;
  readonly policyId: string;
  /** Null: nothing of the policy. */
  readonly version: number | null;
  readonly objectCount: number;
  readonly rolloutId: string;
  /** The rollout is under way, and may be waiting for this cluster. */
  readonly active: boolean;
}

/** One look into an index for each cluster; most are in no rollout that is in force. */
export async function rolloutWords(tx: Tx, clusterIds: readonly string[]): Promise<RolloutWord[]> {
  const { rows } = await tx.query<RolloutWord>(
    `select r.cluster_id as "clusterId", p.id as "policyId", r.version, coalesce(jsonb_array_length(v.objects), 0) as "objectCount",
       o.id as "rolloutId", o.active
     from unnest($2::uuid[]) as c (id) join rollout_cluster r on r.cluster_id = c.id
     join rollout o on o.id = r.rollout_id join policy p on p.id = o.policy_id and p.rollout_id = o.id
     left join policy_version v on v.policy_id = p.id and v.version = r.version
     where r.organization_id = $1 and p.deleted_at is null`,
    [tx.organizationId, clusterIds],
  );
  return rows;
}
