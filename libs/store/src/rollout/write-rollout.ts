import { MeshfleetError } from '@meshfleet/model';
import { TOUCHED_PHASES, UNCOMPILED_REVISION, hasEnded } from '@meshfleet/planner';
import type { RolloutAction, RolloutCluster, RolloutEvent, RolloutState, RolloutStep } from '@meshfleet/planner';
import { isDeepStrictEqual } from 'node:util';
import { placePolicy } from '../assignment/assign-policy.ts';
import { PLACEABLE } from '../assignment/select-clusters.ts';
import type { Tx } from '../connection/sql.ts';
import { announceChanged } from '../desired-state/announce.ts';
import { markPolicyDeleted } from '../policy/write-policy.ts';
import type { LoadedRollout } from './load-rollout.ts';
import { wakeQueued } from './resume-rollouts.ts';
import type { RolloutRow } from './rollout-row.ts';

/**
 * Stores a step and carries out what it asks of the database. False when nothing was to be written.
 * @throws MeshfleetError STATE_STALE when somebody else has written the rollout since it was read
 */
export async function writeRolloutStep(tx: Tx, { row, state: before, observation }: LoadedRollout, step: RolloutStep): Promise<boolean> {
  const wakeAt = step.wakeAt === null ? null : new Date(step.wakeAt);
  const same = isDeepStrictEqual(before, step.state) && step.actions.length === 0 && step.events.length === 0;
  if (same && (wakeAt?.getTime() ?? null) === (row.wakeAt?.getTime() ?? null)) return false;
  await writeRolloutState(tx, row, step.state, wakeAt);
  const now = new Date(observation.now);
  for (const action of step.actions) await carryOut(tx, row, action, now);
  writeClusters(tx, row.id, changedClusters(before, step.state));
  writeRolloutEvents(tx, row.id, step.events);
  if (hasEnded(step.state.status)) wakeQueued(tx);
  // That the clock was set anew is nobody's news.
  if (!same) announceChanged(tx, { clusterIds: [], policyIds: hasEnded(step.state.status) ? [row.policyId] : [], rolloutIds: [row.id] });
  return !same;
}

/** @throws MeshfleetError STATE_STALE when the row is not the one that was read */
export async function writeRolloutState(tx: Tx, row: RolloutRow, state: RolloutState, wakeAt: Date | null): Promise<void> {
  const { clusters: _clusters, ...rest } = state;
  const { rowCount } = await tx.query(
    `update rollout set state = $4, status = $5, active = $6, because = $7, wake_at = $8, started_at = $9, ended_at = $10, row_version = row_version + 1
     where organization_id = $1 and id = $2 and row_version = $3`,
    [
      tx.organizationId,
      row.id,
      row.rowVersion,
      JSON.stringify(rest),
      state.status,
      !hasEnded(state.status),
      state.because,
      wakeAt,
      state.startedAt === null ? null : new Date(state.startedAt),
      state.endedAt === null ? null : new Date(state.endedAt),
    ],
  );
  if (rowCount === 1) return;
  throw new MeshfleetError({ code: 'STATE_STALE', summary: 'The rollout has moved on since it was read', why: 'another reconciler or a person was faster', fix: 'Nothing was written; it is tried again with what holds now.' });
}

export function writeRolloutEvents(tx: Tx, rolloutId: string, events: readonly RolloutEvent[]): void {
  if (events.length === 0) return;
  tx.send(
    `insert into rollout_event (organization_id, rollout_id, at, kind, message, wave, actor)
     select $1, $2, w.at, w.kind, w.message, w.wave, w.actor
     from unnest($3::timestamptz[], $4::text[], $5::text[], $6::int[], $7::text[]) with ordinality as w (at, kind, message, wave, actor, place) order by w.place`,
    [
      tx.organizationId,
      rolloutId,
      events.map(({ at }) => new Date(at)),
      events.map(({ kind }) => kind),
      events.map(({ message }) => message),
      events.map(({ wave }) => wave),
      events.map(({ actor }) => actor),
    ],
  );
}

/** Rows of clusters whose phase, times or reasons are others than before. */
export function writeClusters(tx: Tx, rolloutId: string, clusters: readonly RolloutCluster[]): void {
  if (clusters.length === 0) return;
  const time = (at: number | null): Date | null => (at === null ? null : new Date(at));
  tx.send(UPDATE_CLUSTERS, [
    tx.organizationId,
    rolloutId,
    clusters.map(({ id }) => id),
    clusters.map(({ phase }) => phase),
    clusters.map(({ toldAt }) => time(toldAt)),
    clusters.map(({ waitingSince }) => time(waitingSince)),
    clusters.map(({ failingSince }) => time(failingSince)),
    clusters.map(({ settledAt }) => time(settledAt)),
    clusters.map(({ reason }) => reason),
    clusters.map(({ gate }) => gate),
    clusters.map(({ accepted }) => accepted),
  ]);
}

export function changedClusters(before: RolloutState, after: RolloutState): RolloutCluster[] {
  const known = new Map(before.clusters.map((cluster) => [cluster.id, cluster]));
  return after.clusters.filter((cluster) => !isDeepStrictEqual(known.get(cluster.id), cluster));
}

async function carryOut(tx: Tx, row: RolloutRow, action: RolloutAction, now: Date): Promise<void> {
  switch (action.type) {
    case 'TELL':
      tx.send(`update rollout_cluster set version = target_version where organization_id = $1 and rollout_id = $2 and cluster_id = any($3::uuid[])`, [tx.organizationId, row.id, action.clusterIds]);
      tx.send(follow('and k.cluster_id = any($4::uuid[])'), [tx.organizationId, row.id, row.policyId, action.clusterIds]);
      return;
    case 'RESTORE':
      tx.send(RESTORE, [tx.organizationId, row.id, now]);
      tx.send(RESTORE_GONE, [tx.organizationId, row.id]);
      tx.send(follow(''), [tx.organizationId, row.id, row.policyId]);
      return;
    case 'ESTABLISH':
      if (row.version === null) markPolicyDeleted(tx, row.policyId, now);
      else tx.send(`update policy set stable_version = $3, rollout_id = null, row_version = row_version + 1 where organization_id = $1 and id = $2`, [tx.organizationId, row.policyId, row.version]);
      // Clusters that came meanwhile, and labels that changed.
      await placePolicy(tx, row.policyId, 'SPARE_FROZEN');
      return;
    case 'RELEASE':
      tx.send(`update policy set rollout_id = null where organization_id = $1 and id = $2 and rollout_id = $3`, [tx.organizationId, row.policyId, row.id]);
      await placePolicy(tx, row.policyId, 'SPARE_FROZEN');
      return;
    case 'CALL_WEBHOOK':
      return;
    default:
      action satisfies never;
  }
}

const UPDATE_CLUSTERS = `
  update rollout_cluster k set phase = w.phase, told_at = w.told_at, waiting_since = w.waiting_since, failing_since = w.failing_since,
    settled_at = w.settled_at, reason = w.reason, gate = w.gate, accepted = w.accepted
  from unnest($3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[], $11::boolean[])
    as w (cluster_id, phase, told_at, waiting_since, failing_since, settled_at, reason, gate, accepted)
  where k.organization_id = $1 and k.rollout_id = $2 and k.cluster_id = w.cluster_id`;

// All that was told, also what no step has looked at for long because it was well.
const RESTORE = `
  update rollout_cluster set version = held_version, phase = 'ROLLING_BACK', told_at = $3, waiting_since = null, failing_since = null, settled_at = null
  where organization_id = $1 and rollout_id = $2 and phase in (${TOUCHED_PHASES.map((phase) => `'${phase}'`).join(', ')})`;

// Who has left the fleet is waited for by nobody, and may come back.
const RESTORE_GONE = `update rollout_cluster set version = held_version where organization_id = $1 and rollout_id = $2 and phase = 'GONE' and version is distinct from held_version`;

// Assignments follow the rollout's rows, where they do not already.
const follow = (which: string): string => `
  with spoken as materialized (
    select k.cluster_id, k.version, x.version as holds, x.cluster_id is not null as known
    from rollout_cluster k join cluster c on c.id = k.cluster_id and c.lifecycle in ${PLACEABLE}
    left join policy_cluster x on x.cluster_id = k.cluster_id and x.policy_id = $3
    where k.organization_id = $1 and k.rollout_id = $2 and k.version is distinct from x.version ${which}),
  withdrawn as (
    update policy_cluster x set version = null, revision = ${UNCOMPILED_REVISION}, status = 'PENDING', updated_at = now()
    from spoken s where s.version is null and s.known and x.cluster_id = s.cluster_id and x.policy_id = $3
    returning 1)
  insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status, object_count)
  select $1, $3, s.cluster_id, s.version, ${UNCOMPILED_REVISION}, 'PENDING', jsonb_array_length(v.objects)
  from spoken s join policy_version v on v.policy_id = $3 and v.version = s.version
  order by s.cluster_id
  on conflict (cluster_id, policy_id) do update set version = excluded.version, revision = excluded.revision,
    status = excluded.status, object_count = excluded.object_count, updated_at = now()`;
