import { happened } from './move.ts';
import type { Move, Situation } from './move.ts';
import { beginRollback, listOf } from './roll-back.ts';
import { totalOf } from './state.ts';
import type { RolloutState } from './state.ts';
import { failuresForgiven } from './strategy.ts';
import { failuresOf } from './wave-progress.ts';

/** What ends a rollout that is under way, or turns it round: a person who has aborted it, or a gate that is red. */
export function stopRollout(situation: Situation, state: RolloutState): Move | undefined {
  return abortAsAsked(situation, state) ?? stopAtRed(situation, state);
}

function abortAsAsked({ definition, seen }: Situation, state: RolloutState): Move | undefined {
  const { abort, startedAt } = state;
  if (abort === null) return undefined;
  const reason = `aborted by ${abort.by}${abort.reason === null ? '' : `: ${abort.reason}`}`;
  if (abort.rollback && startedAt !== null) return beginRollback(state, seen.now, reason);
  const message = startedAt === null ? 'Aborted before any cluster was touched' : 'Aborted; every cluster keeps what it holds now';
  return {
    state: { ...state, status: 'ABORTED', because: reason, stop: reason, paused: null, endedAt: seen.now },
    actions: startedAt === null && !definition.mixed ? [{ type: 'RELEASE' }] : [],
    events: [{ at: seen.now, kind: 'ABORTED', message, wave: null, actor: abort.by }],
  };
}

function stopAtRed(situation: Situation, state: RolloutState): Move | undefined {
  if (state.paused !== null) return undefined;
  const { now } = situation.seen;
  const reason = redReason(situation, state);
  if (reason === undefined) return undefined;
  if (situation.definition.strategy.onFailure === 'ROLLBACK') return beginRollback(state, now, reason);
  return { state: { ...state, paused: { by: null, at: now, reason } }, events: [happened(situation, state, 'PAUSED', `Paused: ${reason}`)] };
}

function redReason({ definition }: Situation, state: RolloutState): string | undefined {
  const { counted } = failuresOf(state);
  const forgiven = failuresForgiven(definition.strategy, totalOf(state));
  if (counted.length > forgiven) {
    const names = listOf(counted.map(({ name }) => name));
    const budget = forgiven === 0 ? 'no failure is forgiven' : `${forgiven} ${forgiven === 1 ? 'failure is' : 'failures are'} forgiven`;
    return `${counted.length} ${counted.length === 1 ? 'cluster' : 'clusters'} failed (${names}), and ${budget}. ${counted[0]?.name ?? ''}: ${counted[0]?.reason ?? ''}`;
  }
  const wave = state.waves[state.wave];
  if (wave?.webhook?.answer === 'FAIL' && wave.promoted === null) return `the webhook of ${wave.name} said no: ${wave.webhook.evidence ?? ''}`;
  return undefined;
}
