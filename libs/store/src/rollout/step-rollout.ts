import { advanceRollout, hasEnded } from '@meshfleet/planner';
import type { RolloutStatus, RolloutStep, WebhookAnswer } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';
import { lockRollout, observeRollout } from './load-rollout.ts';
import type { LoadedRollout } from './load-rollout.ts';
import { planRollout } from './plan-rollout.ts';
import { noteBaselines } from './rollout-findings.ts';
import type { RolloutAnalysis } from './rollout-findings.ts';
import { writeRolloutStep } from './write-rollout.ts';

export interface SteppedRollout {
  /** Something was written: what follows from it may be seen by another step. */
  readonly moved: boolean;
  /** Assignments were changed, and wait for their compilation. */
  readonly assigned: boolean;
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
  /** Without it the findings gate finds nothing. */
  readonly analysis?: RolloutAnalysis;
}

const STILL: SteppedRollout = { moved: false, assigned: false, calls: [], wakeAt: null, ended: null };

/**
 * One step of a rollout, in one transaction: locked, planned if it is not yet, seen, decided and written. Level-triggered:
 * run twice, late, or beside itself it does what is due once.
 * @throws MeshfleetError STATE_STALE: step again
 */
export async function stepRollout(tx: Tx, rolloutId: string, now: Date, given: StepInput = {}): Promise<SteppedRollout> {
  const found = await lockRollout(tx, rolloutId);
  if (found === undefined || !found.active) return STILL;
  const row = found.planned ? found : await planRollout(tx, found, now);
  const loaded = await observeRollout(tx, row, now, given);
  const step = advanceRollout(loaded.definition, loaded.state, loaded.observation);
  await noteBaselinesOf(tx, loaded, step, given.analysis);
  const moved = await writeRolloutStep(tx, loaded, step);
  return {
    moved,
    assigned: hasEnded(step.state.status) || step.actions.some(({ type }) => type !== 'CALL_WEBHOOK'),
    calls: step.actions.flatMap((action) => {
      if (action.type !== 'CALL_WEBHOOK') return [];
      const { wave, attempt, url } = action;
      return [{ policy: row.policyName, version: row.version, wave, waveName: step.state.waves[wave]?.name ?? '', attempt, url }];
    }),
    wakeAt: step.wakeAt === null ? null : new Date(step.wakeAt),
    ended: hasEnded(step.state.status) ? step.state.status : null,
  };
}

async function noteBaselinesOf(tx: Tx, { row, state, observation }: LoadedRollout, step: RolloutStep, analysis: RolloutAnalysis | undefined): Promise<void> {
  if (analysis === undefined) return;
  const told = step.actions.flatMap((action) => (action.type === 'TELL' ? action.clusterIds : []));
  const waves = new Map(state.clusters.map(({ id, wave }) => [id, wave]));
  const watched = told.filter((id) => step.state.waves[waves.get(id) ?? -1]?.gates.findings === true);
  if (watched.length > 0) await noteBaselines(tx, row.id, watched, analysis, observation.now);
}

/** Rollouts that wait for nothing but time, or whose event got lost; the sweep's question. */
export async function listDueRollouts(tx: Tx, now: Date, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select id from rollout where organization_id = $1 and active and (wake_at is null or wake_at <= $2) order by id limit $3`,
    [tx.organizationId, now, limit],
  );
  return rows.map(({ id }) => id);
}
