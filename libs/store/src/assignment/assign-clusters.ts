import { UNCOMPILED_REVISION, clusterAnchors, isLimited, placementAnchors, placementSchema, preparePlacement } from '@meshfleet/planner';
import type { PlaceableCluster, RenderedCluster } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';
import { announceChanged } from '../desired-state/announce.ts';
import { enqueue } from '../outbox/enqueue.ts';
import { placePolicy } from './assign-policy.ts';
import type { AssignmentChange } from './assign-policy.ts';
import { rolloutWords } from './assign-with-rollout.ts';
import type { RolloutWord } from './assign-with-rollout.ts';
import { lockPlacement } from './lock-placement.ts';
import { findNearPolicies, writeAnchors } from './policy-anchors.ts';
import { renewRenderings } from './outdated-renderings.ts';
import { renewWithheld } from './renew-entries.ts';
import { PLACEABLE } from './select-clusters.ts';
import { awaitThaw, frozenAmong } from './spare-frozen.ts';

interface ClusterRow extends RenderedCluster {
  id: string;
  evicted: boolean;
  placeable: boolean;
}

interface PolicyRow {
  policyId: string;
  version: number;
  selects: (cluster: PlaceableCluster) => boolean;
  /** Takes only some of the clusters that match: one that comes or goes may move another. */
  limited: boolean;
  objectCount: number;
}

/**
 * Brings the policies of some clusters in line with their labels, places and lifecycle. An evicted cluster loses all its
 * assignments at once: what it holds stays in it, and nobody will ever acknowledge a withdrawal. A frozen one keeps what it
 * holds, and is looked at again when it is thawed.
 */
export async function assignClusters(tx: Tx, clusterIds: readonly string[]): Promise<AssignmentChange> {
  lockPlacement(tx);
  const clusters = await tx.query<ClusterRow>(
    `select id, uid, name, labels, region, zone, network, mesh, facts->'kindSchemas' as "kindSchemas", lifecycle = 'EVICTED' as evicted, lifecycle in ${PLACEABLE} as placeable
     from cluster where organization_id = $1 and id = any($2::uuid[]) order by id for no key update`,
    [tx.organizationId, clusterIds],
  );
  const evicted = clusters.rows.filter((cluster) => cluster.evicted).map((cluster) => cluster.id);
  const frozen = await frozenAmong(tx, clusters.rows.filter((cluster) => !cluster.evicted).map((cluster) => cluster.id));
  const movable = clusters.rows.filter((cluster) => !frozen.has(cluster.id));
  const policies = movable.length === 0 ? [] : await policiesNear(tx, movable);
  const limited = policies.filter((policy) => policy.limited);
  const contested = limited.length === 0 ? [] : await contestedBy(tx, movable, limited);
  const words = clusters.rows.length === 0 ? [] : await rolloutWords(tx, clusters.rows.map((cluster) => cluster.id));
  const waiting = new Set(words.filter(({ active }) => active).map(({ rolloutId }) => rolloutId));
  for (const rolloutId of waiting) await enqueue(tx, 'rollout.changed', { rolloutId });
  const forgotten = evicted.length === 0 ? 0 : await forgetAssignments(tx, evicted);
  const change = await assign(tx, movable.filter((cluster) => cluster.placeable), policies.filter((policy) => !policy.limited), limited, words);
  const moves: AssignmentChange[] = [];
  for (const policyId of contested) moves.push(await placePolicy(tx, policyId, 'SPARE_FROZEN'));
  const placeable = movable.filter((cluster) => cluster.placeable).map(({ id }) => id);
  const renewed = (await renewRenderings(tx, placeable)) + (await renewWithheld(tx, placeable));
  tx.send(`update cluster set placed = true where organization_id = $1 and id = any($2::uuid[]) and not placed`, [
    tx.organizationId,
    clusters.rows.map((cluster) => cluster.id),
  ]);
  awaitThaw(tx, [...frozen]);
  return {
    assigned: moves.reduce((sum, move) => sum + move.assigned, change.assigned + renewed),
    withdrawn: moves.reduce((sum, move) => sum + move.withdrawn, change.withdrawn + forgotten),
  };
}

async function assign(tx: Tx, clusters: readonly ClusterRow[], policies: readonly PolicyRow[], limited: readonly PolicyRow[], words: readonly RolloutWord[]): Promise<AssignmentChange> {
  if (clusters.length === 0) return { assigned: 0, withdrawn: 0 };
  const apart = new Set(limited.map((policy) => policy.policyId));
  const pairs = wantedPairs(clusters, policies, words.filter((word) => !apart.has(word.policyId)));
  const { rows } = await tx.query<AssignmentChange>(ASSIGN, [
    tx.organizationId,
    clusters.map((cluster) => cluster.id),
    pairs.map((pair) => pair.clusterId),
    pairs.map((pair) => pair.policyId),
    pairs.map((pair) => pair.version),
    pairs.map((pair) => pair.objectCount),
    limited.map((policy) => policy.policyId),
  ]);
  return rows[0] ?? { assigned: 0, withdrawn: 0 };
}

/** Every policy that selects one of the clusters or is held by one, and few others. */
async function policiesNear(tx: Tx, clusters: readonly ClusterRow[]): Promise<PolicyRow[]> {
  const anchors = new Set(clusters.filter(({ placeable }) => placeable).flatMap(clusterAnchors));
  const near = (await findNearPolicies(tx, [...anchors], clusters.map(({ id }) => id))).map(({ placement, ...row }) => ({ ...row, placement: placementSchema.parse(placement) }));
  writeAnchors(tx, near.filter(({ anchored }) => !anchored).map(({ policyId, version, placement }) => ({ policyId, version, anchors: placementAnchors(placement) })));
  return near.map(({ policyId, version, objectCount, placement }) => {
    const decide = preparePlacement(placement);
    return { policyId, version, objectCount, selects: (cluster) => decide(cluster).selected, limited: isLimited(placement) };
  });
}

/** Policies that take only some of the clusters that match, and that one of these clusters matches or has. */
async function contestedBy(tx: Tx, clusters: readonly ClusterRow[], limited: readonly PolicyRow[]): Promise<string[]> {
  const { rows } = await tx.query<{ policyId: string }>(
    `select distinct policy_id as "policyId" from policy_cluster
     where organization_id = $1 and cluster_id = any($2::uuid[]) and policy_id = any($3::uuid[]) and version is not null`,
    [tx.organizationId, clusters.map((cluster) => cluster.id), limited.map((policy) => policy.policyId)],
  );
  const held = new Set(rows.map(({ policyId }) => policyId));
  const placeable = clusters.filter((cluster) => cluster.placeable);
  return limited.filter((policy) => held.has(policy.policyId) || placeable.some((cluster) => policy.selects(cluster))).map((policy) => policy.policyId);
}

interface WantedPair {
  readonly clusterId: string;
  readonly policyId: string;
  readonly version: number;
  readonly objectCount: number;
}

/** What placement selects, except where a rollout has the word. */
function wantedPairs(clusters: readonly ClusterRow[], policies: readonly PolicyRow[], words: readonly RolloutWord[]): WantedPair[] {
  const placeable = new Set(clusters.map((cluster) => cluster.id));
  const spoken = new Set(words.map(({ clusterId, policyId }) => `${clusterId} ${policyId}`));
  const placed = clusters.flatMap((cluster) =>
    policies
      .filter((policy) => policy.selects(cluster) && !spoken.has(`${cluster.id} ${policy.policyId}`))
      .map(({ policyId, version, objectCount }) => ({ clusterId: cluster.id, policyId, version, objectCount })),
  );
  const told = words.flatMap(({ clusterId, policyId, version, objectCount }) => (version === null || !placeable.has(clusterId) ? [] : [{ clusterId, policyId, version, objectCount }]));
  return [...placed, ...told];
}

async function forgetAssignments(tx: Tx, clusterIds: readonly string[]): Promise<number> {
  tx.send(`select set_config('app.compiling', 'on', true)`);
  tx.send(`delete from object_condition where organization_id = $1 and cluster_id = any($2::uuid[])`, [tx.organizationId, clusterIds]);
  const { rows } = await tx.query<{ policyId: string }>(
    `delete from policy_cluster where organization_id = $1 and cluster_id = any($2::uuid[]) returning policy_id as "policyId"`,
    [tx.organizationId, clusterIds],
  );
  // No compilation follows for a cluster that is gone, which would tell of it.
  announceChanged(tx, { clusterIds, policyIds: [...new Set(rows.map(({ policyId }) => policyId))] });
  return rows.length;
}

const ASSIGN = `
  with wanted as materialized (
    select * from unnest($3::uuid[], $4::uuid[], $5::int[], $6::int[]) as w (cluster_id, policy_id, version, object_count)),
  held as materialized (
    select x.cluster_id, x.policy_id, x.version from unnest($2::uuid[]) as c (id) join policy_cluster x on x.cluster_id = c.id
    where x.organization_id = $1 and x.policy_id <> all($7::uuid[])),
  assigned as (
    insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status, object_count)
    select $1, w.policy_id, w.cluster_id, w.version, ${UNCOMPILED_REVISION}, 'PENDING', w.object_count from wanted w
    where (w.cluster_id, w.policy_id, w.version) not in (
      select h.cluster_id, h.policy_id, h.version from held h where h.version is not null)
    order by w.cluster_id, w.policy_id
    on conflict (cluster_id, policy_id) do update set version = excluded.version, revision = excluded.revision,
      status = excluded.status, object_count = excluded.object_count, updated_at = now()
    returning 1),
  withdrawn as (
    update policy_cluster x set version = null, revision = ${UNCOMPILED_REVISION}, status = 'PENDING', updated_at = now()
    from held h
    where x.organization_id = $1 and x.cluster_id = h.cluster_id and x.policy_id = h.policy_id and h.version is not null
      and (h.cluster_id, h.policy_id) not in (select w.cluster_id, w.policy_id from wanted w)
    returning 1)
  select (select count(*) from assigned) as assigned, (select count(*) from withdrawn) as withdrawn`;
