import type { Tx } from '../connection/sql.ts';

/** Where a policy is to be found, in the version that is placed; nowhere, once it is deleted. */
export interface AnchoredPolicy {
  readonly policyId: string;
  readonly version: number;
  readonly anchors: readonly string[];
}

/** Keeps where policies are found, for {@link findNearPolicies}. Hold the lock of placements. */
export function writeAnchors(tx: Tx, policies: readonly AnchoredPolicy[]): void {
  if (policies.length === 0) return;
  const pairs = policies.flatMap(({ policyId, anchors }) => anchors.map((anchor) => ({ policyId, anchor })));
  tx.send(WRITE, [tx.organizationId, policies.map(({ policyId }) => policyId), policies.map(({ version }) => version), pairs.map(({ policyId }) => policyId), pairs.map(({ anchor }) => anchor)]);
}

const WRITE = `
  with wanted as materialized (select * from unnest($4::uuid[], $5::text[]) as w (policy_id, anchor)),
  gone as (
    delete from policy_anchor a using unnest($2::uuid[]) as p (id)
    where a.organization_id = $1 and a.policy_id = p.id and (a.policy_id, a.anchor) not in (select w.policy_id, w.anchor from wanted w)),
  told as (
    update policy p set anchored_version = w.version from unnest($2::uuid[], $3::int[]) as w (id, version)
    where p.organization_id = $1 and p.id = w.id and p.anchored_version is distinct from w.version)
  insert into policy_anchor (organization_id, policy_id, anchor) select $1, w.policy_id, w.anchor from wanted w
  on conflict (policy_id, anchor) do nothing`;

/**
 * The live policies that may concern clusters with these anchors or that these clusters hold, and those of which nobody has
 * noted yet where they are to be found: whoever selects one of the clusters is among them. One look into an index for each
 * anchor and cluster, whatever the number of policies.
 */
export async function findNearPolicies(tx: Tx, anchors: readonly string[], clusterIds: readonly string[]): Promise<NearPolicy[]> {
  const { rows } = await tx.query<NearPolicy>(NEAR, [tx.organizationId, anchors, clusterIds]);
  return rows;
}

export interface NearPolicy {
  readonly policyId: string;
  readonly version: number;
  readonly placement: unknown;
  readonly objectCount: number;
  readonly anchored: boolean;
}

const NEAR = `
  with near as materialized (
    select a.policy_id as id from unnest($2::text[]) as w (anchor)
    cross join lateral (select y.policy_id from policy_anchor y where y.organization_id = $1 and y.anchor = w.anchor offset 0) a
    union
    select x.policy_id from unnest($3::uuid[]) as c (id)
    cross join lateral (select y.policy_id from policy_cluster y where y.cluster_id = c.id and y.organization_id = $1 and y.version is not null offset 0) x
    union
    select p.id from policy p where p.organization_id = $1 and p.anchored_version is distinct from p.stable_version and p.deleted_at is null)
  select p.id as "policyId", v.version, v.placement, jsonb_array_length(v.objects) as "objectCount", p.anchored_version is not distinct from p.stable_version as anchored
  from near n
  cross join lateral (select * from policy y where y.id = n.id and y.organization_id = $1 and y.deleted_at is null offset 0) p
  cross join lateral (select * from policy_version y where y.policy_id = p.id and y.version = p.stable_version offset 0) v`;
