import type { PhaseTally } from './show-gates.ts';
import { hasEnded } from './state.ts';
import type { RolloutStatus, RolloutWave, WavePhase } from './state.ts';

/** ROLLING_BACK and ROLLED_BACK: its clusters are told to hold what they held, or do. STOPPED: the rollout goes no further, and nothing of the wave goes back. */
export type ShownWavePhase = WavePhase | 'ROLLING_BACK' | 'ROLLED_BACK' | 'STOPPED';

/**
 * Where a wave is, as people see it. Its own phase is how far it had come when the rollout turned round or was ended, by which its gates say what was
 * decided: of a wave that goes back it would say that it is watched.
 */
export function showPhase(status: RolloutStatus, { phase }: RolloutWave, tallies: readonly Pick<PhaseTally, 'phase'>[]): ShownWavePhase {
  if (phase === 'PENDING') return phase;
  const turned = (['ROLLING_BACK', 'ROLLED_BACK'] as const).find((way) => tallies.some((tally) => tally.phase === way));
  if (turned !== undefined) return turned;
  return phase !== 'DONE' && (status === 'ROLLING_BACK' || hasEnded(status)) ? 'STOPPED' : phase;
}
