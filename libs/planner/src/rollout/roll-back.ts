import type { Move, Situation } from './move.ts';
import { isTouched } from './state.ts';
import type { RolloutState } from './state.ts';

/**
 * Turns round: whatever was told of the target is to hold again what it held, and nothing else is told of it any more.
 * Neither windows nor freezes nor approvals hold a rollback up.
 */
export function beginRollback(state: RolloutState, now: number, reason: string): Move {
  const clusters = state.clusters.map((cluster) =>
    isTouched(cluster.phase) ? { ...cluster, phase: 'ROLLING_BACK' as const, toldAt: now, waitingSince: null, failingSince: null, settledAt: null, gate: cluster.phase === 'FAILED' ? cluster.gate : null } : cluster,
  );
  return {
    state: { ...state, clusters, status: 'ROLLING_BACK', because: reason, stop: reason, paused: null },
    actions: [{ type: 'RESTORE' }],
    events: [{ at: now, kind: 'ROLLBACK_BEGAN', wave: state.wave, actor: state.abort?.by ?? null, message: reason }],
    // What was left out of the state is on its way back too: it is to be looked at before this counts as done.
    again: true,
  };
}

/** Done when every cluster that was told to go back has done so, is away, or has had its time. */
export function finishRollback({ definition, seen }: Situation, state: RolloutState): Move {
  if (state.clusters.some(({ phase }) => phase === 'ROLLING_BACK')) return { state };
  const open = state.clusters.filter(({ phase, reason }) => phase === 'ROLLED_BACK' && reason !== null).map(({ name }) => name);
  const message = open.length === 0 ? 'Every cluster that was touched holds again what it held' : `Rolled back; not confirmed by ${listOf(open)}`;
  return {
    state: { ...state, status: 'ROLLED_BACK', endedAt: seen.now },
    // Clusters that held different versions hold them again, and go on doing so by the rollout's rows.
    actions: definition.mixed ? [] : [{ type: 'RELEASE' }],
    events: [{ at: seen.now, kind: 'ROLLED_BACK', wave: null, actor: null, message }],
  };
}

/** At most five of many names. */
export function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length <= 5 ? shown : `${shown} and ${names.length - 5} more`;
}
