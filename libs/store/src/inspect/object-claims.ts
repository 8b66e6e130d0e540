import type { RolloutStatus } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';

/** A policy that names an object, or has it, in one cluster. */
export interface ObjectClaim {
  readonly policyId: string;
  readonly policyName: string;
  readonly createdAt: Date;
  readonly currentVersion: number;
  /** Version that the cluster is assigned; null when it is assigned none, or the policy is being withdrawn. */
  readonly assignedVersion: number | null;
  /** When that version lets go of the object, or did; null: never. */
  readonly expiresAt: Date | null;
  /** The placement of the version that is looked at: the assigned one, or else the current. */
  readonly placement: unknown;
  /** The rollout that is under way and has the cluster among its own. */
  readonly rollout: { readonly status: RolloutStatus; readonly because: string } | null;
}

/**
 * Policies that name the object, in the version that this cluster is assigned or in the current one, and those of `policyIds`, oldest first: of two that name an
 * object the oldest has it. Names that differ from cluster to cluster are known where the policy was rendered for this one.
 */
export async function listObjectClaims(tx: Tx, clusterId: string, key: string, policyIds: readonly string[]): Promise<ObjectClaim[]> {
  const { rows } = await tx.query<ObjectClaim>(
    `select p.id as "policyId", p.name as "policyName", p.created_at as "createdAt", p.current_version as "currentVersion",
       x.version as "assignedVersion", v.placement,
       (jsonb_path_query_first(coalesce(g.objects, v.objects), '$[*] ? (@.key == $key)', jsonb_build_object('key', $3::text)) ->> 'expiresAt')::timestamptz as "expiresAt",
       case when c.rollout_id is null then null else jsonb_build_object('status', r.status, 'because', r.because) end as rollout
     from policy p
     join policy_version w on w.policy_id = p.id and w.version = p.current_version
     left join policy_cluster x on x.policy_id = p.id and x.cluster_id = $2
     join policy_version v on v.policy_id = p.id and v.version = coalesce(x.version, p.current_version)
     left join policy_rendering g on g.policy_id = p.id and g.version = v.version and g.rendering = x.rendering
     left join rollout r on r.id = p.rollout_id and r.active
     left join rollout_cluster c on c.rollout_id = r.id and c.cluster_id = $2
     where p.organization_id = $1 and (p.deleted_at is null or x.cluster_id is not null)
       and (coalesce(g.objects, v.objects) @> jsonb_build_array(jsonb_build_object('key', $3::text))
         or w.objects @> jsonb_build_array(jsonb_build_object('key', $3::text)) or p.id = any($4::uuid[]))
     order by p.created_at, p.id`,
    [tx.organizationId, clusterId, key, policyIds],
  );
  return rows;
}
