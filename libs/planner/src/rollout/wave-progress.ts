import { isAway, isTouched } from './state.ts';
import type { FreezeObservation, RolloutCluster, RolloutObservation, RolloutState, RolloutWave } from './state.ts';
import type { RolloutStrategy } from './strategy.ts';

export interface WaveProgress {
  /** Not told yet. */
  readonly untold: readonly RolloutCluster[];
  /** There, told, and without an answer that holds. */
  readonly waitedFor: readonly RolloutCluster[];
  /** Away, and not waited for if the quorum is met. */
  readonly excused: readonly RolloutCluster[];
  readonly answered: number;
  readonly needed: number;
}

/** How far a wave is. A cluster that failed for good has answered: whether that is forgiven, the budget says. */
export function progressOf(strategy: RolloutStrategy, state: RolloutState, index: number, observation: RolloutObservation): WaveProgress {
  const clusters = state.clusters.filter(({ wave, phase }) => wave === index && phase !== 'GONE');
  const untold = clusters.filter(({ phase }) => phase === 'PENDING');
  const open = clusters.filter((cluster) => isTouched(cluster.phase) && !hasAnswered(cluster));
  const skips = strategy.offline.policy === 'SKIP_UNTIL_BACK' || state.waves[index]?.promoted !== null;
  const away = (cluster: RolloutCluster): boolean => cluster.phase === 'UPDATING' && isAway(observation.clusters.get(cluster.id)?.lastSeenAt ?? null, observation.now);
  const excused = open.filter((cluster) => skips && away(cluster));
  return {
    untold,
    waitedFor: open.filter((cluster) => !excused.includes(cluster)),
    excused,
    answered: clusters.filter(hasAnswered).length,
    needed: Math.ceil((clusters.length * strategy.offline.quorumPercent) / 100),
  };
}

/** Failing within its grace is no answer. */
function hasAnswered({ phase, failingSince }: RolloutCluster): boolean {
  return phase === 'FAILED' || (phase === 'UPDATED' && failingSince === null);
}

/** Failures that count against the budget, and those that may yet. */
export function failuresOf(state: RolloutState): { readonly counted: readonly RolloutCluster[]; readonly looming: readonly RolloutCluster[] } {
  return {
    counted: state.clusters.filter(({ phase, accepted }) => phase === 'FAILED' && !accepted),
    looming: state.clusters.filter(({ phase, failingSince, accepted }) => phase !== 'FAILED' && isTouched(phase) && failingSince !== null && !accepted),
  };
}

export function freezeOf(observation: RolloutObservation, clusterId: string): FreezeObservation | undefined {
  return observation.freezes.find(({ clusters }) => clusters === 'ALL' || clusters.has(clusterId));
}

/** Approvals that are still missing at this point of the wave; 0 where none is asked for. */
export function approvalsMissing(wave: RolloutWave, when: 'BEFORE' | 'AFTER'): number {
  const { approval } = wave.gates;
  if (approval?.when !== when) return 0;
  return Math.max(0, approval.count - new Set(wave.approvals.map(({ by }) => by)).size);
}
