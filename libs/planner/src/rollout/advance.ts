import { judgeClusters } from './judge-clusters.ts';
import { happened, held } from './move.ts';
import type { Move, Situation } from './move.ts';
import { moveWave } from './move-wave.ts';
import { finishRollback, listOf } from './roll-back.ts';
import { hasEnded } from './state.ts';
import type { ClusterPhase, RolloutAction, RolloutDefinition, RolloutEvent, RolloutObservation, RolloutState, RolloutStatus } from './state.ts';
import { stopRollout } from './stop-rollout.ts';
import { takeWebhookAnswer } from './webhook-gate.ts';

export interface RolloutStep {
  readonly state: RolloutState;
  /** To be carried out in the transaction that stores the state; calls to the outside after it. */
  readonly actions: readonly RolloutAction[];
  readonly events: readonly RolloutEvent[];
  /** When to look again though nothing is heard. */
  readonly wakeAt: number | null;
  /** Clusters that were left out of the state are needed now: step again with them. */
  readonly again: boolean;
}

/**
 * Moves a rollout as far as what is seen allows. Level-triggered: with the same state and observation it says the same,
 * and said again of its own result it changes nothing. It never tells a cluster of a wave that is not open, never opens a
 * wave while an earlier one has a gate that is not green, and stops at the first failure that the budget does not forgive.
 */
export function advanceRollout(definition: RolloutDefinition, before: RolloutState, observation: RolloutObservation): RolloutStep {
  const situation: Situation = { definition, seen: observation };
  const moves: Move[] = [];
  let state = before;
  const make = (move: Move): void => {
    moves.push(move);
    state = move.state;
  };

  if (!hasEnded(before.status)) make(judge(situation, before));
  if (before.status === 'ROLLING_BACK') make(finishRollback(situation, state));
  else if (!hasEnded(before.status)) {
    const stop = stopRollout(situation, state);
    if (stop !== undefined) make(stop);
    while (goesOn(state) && moves.at(-1)?.hold === undefined) make(moveOn(situation, state));
  }
  return sumUp(situation, before, moves);
}

function goesOn({ status }: RolloutState): boolean {
  return !hasEnded(status) && status !== 'ROLLING_BACK';
}

/** Takes in what is seen of clusters and what a webhook has answered. */
function judge({ definition, seen }: Situation, before: RolloutState): Move {
  const { clusters, events, wakeAt } = judgeClusters(definition.strategy, before, seen);
  const judged = { ...before, clusters };
  const answer = takeWebhookAnswer(judged, seen);
  return { state: answer?.state ?? judged, events: [...events, ...(answer?.events ?? [])], wakeAt };
}

/** The next thing, of a rollout that nothing stops. */
function moveOn(situation: Situation, state: RolloutState): Move {
  const { paused, startedAt } = state;
  if (paused !== null) return held(state, 'PAUSED', paused.reason);
  const { blockedBy } = situation.seen;
  if (blockedBy !== null && startedAt === null) return held(state, 'QUEUED', `${blockedBy} has to end first: both would touch the same object`);
  const wave = state.waves[state.wave];
  return wave === undefined ? succeed(situation, state) : moveWave(situation, state, wave);
}

function succeed(situation: Situation, state: RolloutState): Move {
  const { now } = situation.seen;
  const short = shortOf(state);
  return {
    state: { ...state, status: 'SUCCEEDED', because: short === '' ? 'every wave is good' : `every wave is good, except${short}`, endedAt: now, startedAt: state.startedAt ?? now },
    actions: [{ type: 'ESTABLISH' }],
    events: [{ at: now, kind: 'SUCCEEDED', wave: null, actor: null, message: `${situation.definition.title} is everywhere${short === '' ? '' : ` except${short}`}` }],
  };
}

/** Clusters that were told and do not hold it, though nobody is stopped by that: forgiven, or away. */
function shortOf({ clusters }: RolloutState): string {
  const namesIn = (phase: ClusterPhase): string[] => clusters.filter((cluster) => cluster.phase === phase).map(({ name }) => name);
  const [failed, away] = [namesIn('FAILED'), namesIn('UPDATING')];
  return [
    ...(failed.length === 0 ? [] : [` in ${listOf(failed)}, whose failure is forgiven`]),
    ...(away.length === 0 ? [] : [` in ${listOf(away)}, to follow when back`]),
  ].join(' and');
}

/** Statuses whose beginning the timeline tells. */
const WAITS: ReadonlySet<RolloutStatus> = new Set(['QUEUED', 'WAITING_APPROVAL', 'WAITING_WINDOW', 'FROZEN', 'WAITING_GATE']);

function sumUp(situation: Situation, before: RolloutState, moves: readonly Move[]): RolloutStep {
  const { now } = situation.seen;
  const last = moves.at(-1);
  const state = last?.state ?? before;
  const events = moves.flatMap((move) => move.events ?? []);
  const hold = last?.hold;
  if (hold !== undefined && before.status !== hold.status && WAITS.has(hold.status)) events.push(happened(situation, state, 'WAITING', hold.because));
  const shown = hold === undefined ? state : { ...state, ...hold };
  const ended = hasEnded(shown.status);
  const wakeAt = ended ? [] : moves.flatMap((move) => move.wakeAt ?? []).filter((at) => at > now);
  return {
    state: shown,
    actions: moves.flatMap((move) => move.actions ?? []),
    events,
    wakeAt: wakeAt.length === 0 ? null : Math.min(...wakeAt),
    again: !ended && moves.some((move) => move.again === true),
  };
}
