import { NOWHERE, UNCOMPILED_REVISION, placementAnchors, placementSchema } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { announceChanged } from '../desired-state/announce.ts';
import { openFreezes } from '../rollout/freezes.ts';
import { assigningWithRollout } from './assign-with-rollout.ts';
import { lockPlacement } from './lock-placement.ts';
import { writeAnchors } from './policy-anchors.ts';
import { selectClusters } from './select-clusters.ts';
import { heldByFreeze, sparing } from './spare-frozen.ts';

/** How many clusters an assignment newly reached or moved to another version, and how many it left. */
export interface AssignmentChange {
  readonly assigned: number;
  readonly withdrawn: number;
}

interface PlacedPolicy {
  name: string;
  version: number;
  deleted: boolean;
  anchoredVersion: number | null;
  rolloutId: string | null;
  placement: unknown;
  objectCount: number | null;
}

/**
 * Brings the clusters of one policy in line with its stable version, or with its deletion, and those of its rollout with
 * what the rollout says of each. Rows that are right already are not written; the others wait for a compilation (`listUncompiled`). Safe to run twice, late, and beside itself.
 */
export async function assignPolicy(tx: Tx, policyId: string): Promise<AssignmentChange> {
  lockPlacement(tx);
  return placePolicy(tx, policyId);
}

/**
 * {@link assignPolicy} for those who hold the lock of placements. A change that somebody has asked for was admitted before:
 * freezes were looked at then. What follows from something else spares frozen clusters until they are thawed.
 */
export async function placePolicy(tx: Tx, policyId: string, frozen: 'REACH_FROZEN' | 'SPARE_FROZEN' = 'REACH_FROZEN'): Promise<AssignmentChange> {
  const { rows } = await tx.query<PlacedPolicy>(
    `select p.name, p.stable_version as version, p.deleted_at is not null as deleted, p.anchored_version as "anchoredVersion", p.rollout_id as "rolloutId", v.placement,
       jsonb_array_length(v.objects) as "objectCount"
     from policy p left join policy_version v on v.policy_id = p.id and v.version = p.stable_version
     where p.organization_id = $1 and p.id = $2`,
    [tx.organizationId, policyId],
  );
  const [policy] = rows;
  if (policy === undefined) return { assigned: 0, withdrawn: 0 };
  const placed = policy.deleted || policy.placement === null ? NOWHERE : placementSchema.parse(policy.placement);
  const { rolloutId } = policy;
  if (policy.deleted || policy.anchoredVersion !== policy.version) writeAnchors(tx, [{ policyId, version: policy.version, anchors: placementAnchors(placed) }]);
  const given = [tx.organizationId, policyId, policy.version, ...(rolloutId === null ? [policy.objectCount ?? 0] : [rolloutId])];
  const wanted = selectClusters(placed, { policyName: policy.name, policyId }, given);
  const freezes = frozen === 'REACH_FROZEN' ? [] : await openFreezes(tx, new Date());
  const values = new Values(wanted.values);
  const spared = heldByFreeze(freezes, values);
  const change = await tx.query<AssignmentChange>(rolloutId === null ? assigning(wanted.text, spared) : assigningWithRollout(wanted.text, spared), values.list);
  // Only if nothing newer came meanwhile, whose own event, or the sweep, places it.
  tx.send(
    `update policy set placed = true where organization_id = $1 and id = $2 and not placed
       and stable_version = $3 and (deleted_at is not null) = $4 and rollout_id is not distinct from $5`,
    [tx.organizationId, policyId, policy.version, policy.deleted, rolloutId],
  );
  const { assigned, withdrawn } = change.rows[0] ?? { assigned: 0, withdrawn: 0 };
  // Where clusters are concerned, their compilation says so.
  if (assigned + withdrawn === 0) announceChanged(tx, { clusterIds: [], policyIds: [policyId] });
  return { assigned, withdrawn };
}

// "not in" and not "not exists": Postgres answers it from a hash of the list whatever it believes of the tables' sizes. A
// table that has grown since it was last analysed would else be joined row by row with the list.
const assigning = (wanted: string, spared: string): string => `
  with wanted as materialized (${wanted}),
  ${sparing(spared)},
  assigned as (
    insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status, object_count)
    select $1, $2, w.id, $3::int, ${UNCOMPILED_REVISION}, 'PENDING', $4::int from wanted w
    where w.id not in (select x.cluster_id from policy_cluster x where x.organization_id = $1 and x.policy_id = $2 and x.version = $3)
      and w.id not in (select f.id from frozen f)
    order by w.id
    on conflict (cluster_id, policy_id) do update set version = excluded.version, revision = excluded.revision,
      status = excluded.status, object_count = excluded.object_count, updated_at = now()
    returning 1),
  withdrawn as (
    update policy_cluster x set version = null, revision = ${UNCOMPILED_REVISION}, status = 'PENDING', updated_at = now()
    where x.organization_id = $1 and x.policy_id = $2 and x.version is not null
      and x.cluster_id not in (select w.id from wanted w) and x.cluster_id not in (select f.id from frozen f)
    returning 1)
  select (select count(*) from assigned) as assigned, (select count(*) from withdrawn) as withdrawn`;
