import type { ClusterObservation, ClusterPhase, FailureGate, RolloutCluster } from '@meshfleet/planner';
import { TOUCHED_PHASES, UNCOMPILED_REVISION } from '@meshfleet/planner';
import { PLACEABLE } from '../assignment/select-clusters.ts';
import type { Tx } from '../connection/sql.ts';
import type { FindingsBaseline } from './rollout-findings.ts';
import type { RolloutRow } from './rollout-row.ts';

/** A cluster of a rollout with what is seen of it; without an observation it has left the fleet. */
export interface LoadedRolloutCluster {
  readonly cluster: RolloutCluster;
  readonly observation: ClusterObservation | undefined;
  /** What the analysis found before and since, where the wave's gates ask for it. */
  readonly baseline: FindingsBaseline | null;
  readonly inventorySeq: number;
  /** The revision whose outcome the inventory shows. */
  readonly inventoriedRevision: number;
  /** The revision whose outcome an inventory has to show before it says anything of the version; null: nobody can tell. */
  readonly mustShow: number | null;
}

interface Row {
  id: string;
  name: string;
  wave: number;
  phase: ClusterPhase;
  toldAt: Date | null;
  waitingSince: Date | null;
  failingSince: Date | null;
  settledAt: Date | null;
  reason: string | null;
  gate: FailureGate | null;
  accepted: boolean;
  heldVersion: number | null;
  targetVersion: number | null;
  present: boolean;
  /** By the database's clock, as is `clock`, which says what time it is. */
  lastSeenAt: Date | null;
  clock: Date;
  holdsVersion: number | null;
  status: ClusterObservation['status'] | null;
  failure: string | null;
  unhealthy: string | null;
  baseline: FindingsBaseline | null;
  inventorySeq: number;
  inventoriedRevision: number;
  mustShow: number | null;
}

/**
 * The clusters that a step decides about: those of the wave that is under way, of earlier waves those that are not simply
 * updated, and all that are on their way back. Cost follows these, not the rollout.
 */
export async function loadRolloutClusters(tx: Tx, { id, policyId, state }: Pick<RolloutRow, 'id' | 'policyId' | 'state'>, now: Date): Promise<LoadedRolloutCluster[]> {
  const { rows } = await tx.query<Row>(state.status === 'ROLLING_BACK' ? RETURNING : `${LOAD} ${OF_INTEREST}`, [tx.organizationId, id, policyId, state.wave]);
  const aheadMs = rows[0] === undefined ? 0 : secondsAhead(now, rows[0].clock) * 1000;
  return rows.map((row) => ({ cluster: clusterOf(row), observation: observationOf(row, aheadMs), baseline: row.baseline, inventorySeq: row.inventorySeq, inventoriedRevision: row.inventoriedRevision, mustShow: row.mustShow }));
}

/**
 * By how much the rollout's clock goes before the database's, which says when agents were heard of. In whole seconds: what a
 * statement takes to be sent is no other time at which to look again.
 */
function secondsAhead(now: Date, clock: Date): number {
  return Math.round((now.getTime() - clock.getTime()) / 1000);
}

function clusterOf(row: Row): RolloutCluster {
  const { id, name, wave, phase, reason, gate, accepted } = row;
  return { id, name, wave, phase, reason, gate, accepted, toldAt: time(row.toldAt), waitingSince: time(row.waitingSince), failingSince: time(row.failingSince), settledAt: time(row.settledAt) };
}

function observationOf(row: Row, aheadMs: number): ClusterObservation | undefined {
  if (!row.present) return undefined;
  const back = row.phase === 'ROLLING_BACK' || row.phase === 'ROLLED_BACK';
  const asTold = row.holdsVersion === (back ? row.heldVersion : row.targetVersion);
  return {
    holds: asTold === back ? 'HELD' : 'TARGET',
    // Without a row there is nothing of the policy in the cluster, and nothing left to withdraw.
    status: row.status ?? 'APPLIED',
    lastSeenAt: row.lastSeenAt === null ? null : row.lastSeenAt.getTime() + aheadMs,
    failure: row.failure,
    unhealthy: row.unhealthy,
    newErrors: [],
    inventoried: row.mustShow === null || row.inventoriedRevision >= row.mustShow,
  };
}

function time(at: Date | null): number | null {
  return at === null ? null : at.getTime();
}

const FIRST_CONDITION = (status: string): string =>
  `(select o.object_key || ': ' || o.reason || case when o.message = '' then '' else ', ' || o.message end from object_condition o
    where o.cluster_id = k.cluster_id and o.policy_id = $3 and o.status = '${status}' order by o.object_key limit 1)`;

// An agent that does not say what its inventory shows cannot be waited for: there the soak is all there is.
const MUST_SHOW = `case when c.facts->'features' ? 'INVENTORY_AS_OF' then coalesce(x.revision, c.acked_revision) end`;

const LOAD = `
  select k.cluster_id as id, c.name, k.wave, k.phase, k.told_at as "toldAt", k.waiting_since as "waitingSince", k.failing_since as "failingSince",
    k.settled_at as "settledAt", k.reason, k.gate, k.accepted, k.held_version as "heldVersion", k.target_version as "targetVersion",
    c.lifecycle in ${PLACEABLE} as present, case when c.lifecycle = 'ACTIVE' then c.last_seen_at end as "lastSeenAt", now() as clock,
    x.version as "holdsVersion", case when k.wave = $4 or k.phase = 'FAILED' then k.baseline end as baseline, c.inventory_seq as "inventorySeq",
    c.inventoried_revision as "inventoriedRevision", ${MUST_SHOW} as "mustShow",
    case when x.revision in (0, ${UNCOMPILED_REVISION}) then 'PENDING' else x.status end as status,
    case when x.status = 'FAILED' then ${FIRST_CONDITION('FAILED')} end as failure, ${FIRST_CONDITION('UNHEALTHY')} as unhealthy
  from rollout_cluster k join cluster c on c.id = k.cluster_id
  left join policy_cluster x on x.cluster_id = k.cluster_id and x.policy_id = $3
  where k.organization_id = $1 and k.rollout_id = $2`;

const OF_INTEREST = `and (k.wave = $4 or (k.wave < $4 and k.phase not in ('GONE', 'ROLLED_BACK') and (
    k.phase <> 'UPDATED' or k.failing_since is not null or c.lifecycle not in ${PLACEABLE} or x.status is distinct from 'APPLIED'
    or exists (select from object_condition o where o.cluster_id = k.cluster_id and o.policy_id = $3 and o.status = 'UNHEALTHY'))))
  order by c.name, k.cluster_id`;

const RETURNING = `${LOAD} and k.phase in ('ROLLING_BACK', ${TOUCHED_PHASES.map((phase) => `'${phase}'`).join(', ')}) order by c.name, k.cluster_id`;
