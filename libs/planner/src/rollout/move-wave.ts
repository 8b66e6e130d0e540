import { barrierOf, loomingFailure, missingApproval } from './barriers.ts';
import type { Barrier } from './barriers.ts';
import { isWindowOpen } from './maintenance-windows.ts';
import { happened, held, withWave } from './move.ts';
import type { Move, Situation } from './move.ts';
import { listOf } from './roll-back.ts';
import { isAway } from './state.ts';
import type { RolloutState, RolloutWave } from './state.ts';
import { freezeOf, progressOf } from './wave-progress.ts';
import { webhookStep } from './webhook-gate.ts';

/** Takes the wave that is under way to its next phase, or says what holds it. */
export function moveWave(situation: Situation, state: RolloutState, wave: RolloutWave): Move {
  switch (wave.phase) {
    case 'PENDING':
      return open(situation, state, wave);
    case 'OPEN':
      return update(situation, state, wave);
    case 'SOAKING':
      return soak(situation, state, wave);
    case 'CHECKING':
      return check(situation, state, wave);
    case 'DONE':
      return { state: { ...state, wave: state.wave + 1 } };
    default:
      return wave.phase satisfies never;
  }
}

function open(situation: Situation, state: RolloutState, wave: RolloutWave): Move {
  const { now } = situation.seen;
  const looming = loomingFailure(situation, state);
  if (looming !== undefined) return behind(state, looming);
  const own = state.clusters.filter((cluster) => cluster.wave === state.wave);
  if (own.length < wave.size) return { ...held(state, 'RUNNING', `${wave.name} comes next`), again: true };
  const waiting = own.filter(({ phase }) => phase === 'PENDING');
  if (waiting.length === 0) {
    const done = withWave(state, { phase: 'DONE', doneAt: now });
    return { state: done, events: wave.size > 0 ? [happened(situation, done, 'WAVE_DONE', `${wave.name} has no cluster left`)] : [] };
  }
  const barrier = missingApproval(wave, 'BEFORE') ?? barrierOf(situation, waiting);
  if (barrier !== undefined) return behind(state, barrier);
  const opened = { ...withWave(state, { phase: 'OPEN', openedAt: now }), startedAt: state.startedAt ?? now };
  return { state: opened, events: [happened(situation, opened, 'WAVE_OPENED', `${wave.name} begins: ${waiting.length} ${waiting.length === 1 ? 'cluster' : 'clusters'}`)] };
}

function update(situation: Situation, state: RolloutState, wave: RolloutWave): Move {
  const { definition, seen } = situation;
  const { untold, waitedFor, excused, answered, needed } = progressOf(definition.strategy, state, state.wave, seen);
  const barrier = untold.length === 0 ? undefined : barrierOf(situation, untold);
  if (untold.length > 0) {
    const next = nextToTell(situation, state, untold, waitedFor.length);
    if (next.length > 0) return tell(situation, state, next);
    if (barrier !== undefined && waitedFor.length === 0) return behind(state, barrier);
  }
  const left = untold.length + waitedFor.length;
  if (left > 0) return held(state, 'RUNNING', `${wave.name}: ${left} of ${wave.size} still to be updated`, barrier?.wakeAt);
  if (excused.length > 0 && answered < needed && wave.promoted === null) {
    return held(state, 'WAITING_GATE', `${wave.name}: ${listOf(excused.map(({ name }) => name))} away, and ${answered} of ${needed} that the quorum asks for have answered`);
  }
  const soaking = withWave(state, { phase: 'SOAKING', soakUntil: seen.now + wave.soakSeconds * 1000 });
  return { state: soaking, events: wave.soakSeconds > 0 ? [happened(situation, soaking, 'SOAK_BEGAN', `${wave.name} is updated and is watched for ${wave.soakSeconds} s`)] : [] };
}

/** Those that nothing keeps, as many as may be on their way at a time. */
function nextToTell(situation: Situation, state: RolloutState, untold: readonly { readonly id: string }[], onTheWay: number): readonly { readonly id: string }[] {
  const { definition, seen } = situation;
  if (!isWindowOpen(definition.strategy.windows, seen.now) || loomingFailure(situation, state) !== undefined) return [];
  const room = (definition.strategy.maxConcurrent ?? Infinity) - onTheWay;
  return untold.filter(({ id }) => freezeOf(seen, id) === undefined).slice(0, Math.max(0, room));
}

function tell({ definition, seen }: Situation, state: RolloutState, next: readonly { readonly id: string }[]): Move {
  const { now } = seen;
  const told = new Set(next.map(({ id }) => id));
  const clusters = state.clusters.map((cluster) => {
    if (!told.has(cluster.id)) return cluster;
    const away = isAway(seen.clusters.get(cluster.id)?.lastSeenAt ?? null, now);
    return { ...cluster, phase: 'UPDATING' as const, toldAt: now, waitingSince: away ? null : now };
  });
  return { state: { ...state, clusters }, actions: [{ type: 'TELL', clusterIds: [...told] }], wakeAt: [now + definition.strategy.progressDeadlineSeconds * 1000] };
}

function soak(situation: Situation, state: RolloutState, wave: RolloutWave): Move {
  const soakUntil = wave.soakUntil ?? 0;
  if (situation.seen.now < soakUntil && wave.promoted === null) return held(state, 'SOAKING', `${wave.name} is watched before it counts as good`, soakUntil);
  const looming = loomingFailure(situation, state);
  return looming === undefined ? { state: withWave(state, { phase: 'CHECKING' }) } : behind(state, looming);
}

function check(situation: Situation, state: RolloutState, wave: RolloutWave): Move {
  const { now } = situation.seen;
  const looming = loomingFailure(situation, state);
  if (looming !== undefined) return behind(state, looming);
  const called = webhookStep(wave, state.wave, now);
  if (called !== undefined) {
    const { evidence } = called.webhook;
    const waiting = held(withWave(state, { webhook: called.webhook }), 'WAITING_GATE', `${wave.name}: the webhook has not said yes yet${evidence === null ? '' : ` (${evidence})`}`, called.wakeAt);
    return called.action === undefined ? waiting : { ...waiting, actions: [called.action] };
  }
  const missing = missingApproval(wave, 'AFTER');
  if (missing !== undefined) return behind(state, missing);
  return { state: withWave(state, { phase: 'DONE', doneAt: now }), events: [happened(situation, state, 'WAVE_DONE', `${wave.name} is good`)] };
}

function behind(state: RolloutState, { status, because, wakeAt }: Barrier): Move {
  return held(state, status, because, wakeAt);
}
