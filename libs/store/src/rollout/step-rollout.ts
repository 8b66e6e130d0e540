import { advanceRollout, hasEnded } from '@meshfleet/planner';
import type { RolloutStatus, RolloutStep, WebhookAnswer } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';
import { lockRollout, observeRollout } from './load-rollout.ts';
import type { LoadedRollout } from './load-rollout.ts';
import { planRollout } from './plan-rollout.ts';
import { noteBaselines } from './rollout-findings.ts';
import type { ClusterLooks } from './rollout-findings.ts';
import { writeRolloutStep } from './write-rollout.ts';

export interface SteppedRollout {
  /** Something was written: what follows from it may be seen by another step. */
  readonly moved: boolean;
  /** Assignments were changed, and wait for their compilation. */
  readonly assigned: boolean;
  /** Who has asked for it, of a withdrawal that goes on: no version tells. */
  readonly withdrawal: { readonly policyId: string; readonly actor: string } | null;
  /** Clusters to be analysed outside of the transaction, and told of by another step. Nothing of this one was written. */
  readonly unseen: readonly string[];
  /** To be made outside of the transaction, and answered by another step. */
  readonly calls: readonly RolloutCall[];
  readonly wakeAt: Date | null;
  /** How it has ended, when it has by this step. */
  readonly ended: RolloutStatus | null;
}

export interface RolloutCall {
  readonly policy: string;
  /** Null: a withdrawal. */
  readonly version: number | null;
  readonly wave: number;
  readonly waveName: string;
  readonly attempt: number;
  readonly url: string;
}

export interface StepInput {
  /** The answer to a call that an earlier step asked for. */
  readonly webhook?: WebhookAnswer;
  /** What the analysis has found in clusters that earlier steps asked about. Absent: the findings gate finds nothing. */
  readonly looks?: ClusterLooks;
}

const STILL: SteppedRollout = { moved: false, assigned: false, withdrawal: null, unseen: [], calls: [], wakeAt: null, ended: null };

/**
 * One step of a rollout, in one transaction: locked, planned if it is not yet, seen, decided and written. Clusters that have to be
 * analysed for it are named and the step is made again, with what was found in them. Level-triggered:
 * run twice, late, or beside itself it does what is due once.
 * @throws MeshfleetError STATE_STALE: step again
 */
export async function stepRollout(tx: Tx, rolloutId: string, now: Date, given: StepInput = {}): Promise<SteppedRollout> {
  const found = await lockRollout(tx, rolloutId);
  if (found === undefined || !found.active) return STILL;
  const row = found.planned ? found : await planRollout(tx, found, now);
  const loaded = await observeRollout(tx, row, now, given);
  if (loaded.unseen.length > 0) return { ...STILL, unseen: loaded.unseen };
  const step = advanceRollout(loaded.definition, loaded.state, loaded.observation);
  if (given.looks !== undefined) {
    const { looks, unseen } = looksAt(watchedOf(loaded, step), given.looks);
    if (unseen.length > 0) return { ...STILL, unseen };
    noteBaselines(tx, row.id, looks);
  }
  const moved = await writeRolloutStep(tx, loaded, step);
  return {
    moved,
    assigned: hasEnded(step.state.status) || step.actions.some(({ type }) => type !== 'CALL_WEBHOOK'),
    withdrawal: row.version === null && step.state.status !== 'ROLLING_BACK' ? { policyId: row.policyId, actor: row.createdBy } : null,
    unseen: [],
    calls: step.actions.flatMap((action) => {
      if (action.type !== 'CALL_WEBHOOK') return [];
      const { wave, attempt, url } = action;
      return [{ policy: row.policyName, version: row.version, wave, waveName: step.state.waves[wave]?.name ?? '', attempt, url }];
    }),
    wakeAt: step.wakeAt === null ? null : new Date(step.wakeAt),
    ended: hasEnded(step.state.status) ? step.state.status : null,
  };
}

/** Clusters that are told now, and whose findings will be compared with those of before. */
function watchedOf({ state }: LoadedRollout, step: RolloutStep): readonly string[] {
  const waves = new Map(state.clusters.map(({ id, wave }) => [id, wave]));
  const told = step.actions.flatMap((action) => (action.type === 'TELL' ? action.clusterIds : []));
  return told.filter((id) => step.state.waves[waves.get(id) ?? -1]?.gates.findings === true);
}

function looksAt(clusterIds: readonly string[], looks: ClusterLooks): { readonly looks: ClusterLooks; readonly unseen: readonly string[] } {
  const found = clusterIds.flatMap((id) => {
    const look = looks.get(id);
    return look === undefined ? [] : [[id, look] as const];
  });
  return { looks: new Map(found), unseen: clusterIds.filter((id) => !looks.has(id)) };
}

/** Rollouts that wait for nothing but time, or whose event got lost; the sweep's question. */
export async function listDueRollouts(tx: Tx, now: Date, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select id from rollout where organization_id = $1 and active and (wake_at is null or wake_at <= $2) order by id limit $3`,
    [tx.organizationId, now, limit],
  );
  return rows.map(({ id }) => id);
}
