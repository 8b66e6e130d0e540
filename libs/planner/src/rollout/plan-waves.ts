import { matchesLabels, parseLabelSelector } from '@meshfleet/model';
import { compareText } from '@meshfleet/protocol';
import { gatesOfWave } from './strategy.ts';
import type { Gates, RolloutStrategy, WaveStrategy } from './strategy.ts';

/** What planning looks at in a cluster. */
export interface RolloutCandidate {
  readonly id: string;
  readonly name: string;
  /** As placement sees them (`placementLabels`). */
  readonly labels: Readonly<Record<string, string>>;
  readonly online: boolean;
}

export interface PlannedWave {
  readonly name: string;
  readonly soakSeconds: number;
  readonly gates: Gates;
  readonly clusters: readonly { readonly id: string; readonly name: string; readonly because: string }[];
}

/**
 * Divides clusters into waves, once: the answer is kept, so that no cluster changes its wave while a rollout is under way.
 * Each wave takes, in the order of the strategy, from what the ones before have left; the last takes the rest. A wave that
 * is measured by count or percent takes clusters that are there before those that are away, since a wave of the absent
 * proves nothing, and else goes by name. A percentage is of all clusters of the rollout, rounded up.
 */
export function planWaves(strategy: RolloutStrategy, clusters: readonly RolloutCandidate[]): PlannedWave[] {
  const waiting = [...clusters].sort((a, b) => Number(b.online) - Number(a.online) || compareText(a.name, b.name) || compareText(a.id, b.id));
  const left = new Set(waiting);
  const waves = strategy.waves.map((wave, index) => {
    const chosen = choose(wave, [...left], clusters.length);
    for (const cluster of chosen) left.delete(cluster);
    const because = reasonOf(wave, clusters.length);
    return {
      name: wave.name ?? `wave ${index + 1}`,
      soakSeconds: wave.soakSeconds ?? strategy.soakSeconds,
      gates: gatesOfWave(strategy, wave),
      clusters: chosen.map(({ id, name }) => ({ id, name, because })),
    };
  });
  if (left.size > 0) {
    const because = waves.length === 0 ? 'the rollout has one wave' : 'no wave before has taken it';
    waves.push({
      name: waves.length === 0 ? 'all' : 'the rest',
      soakSeconds: strategy.soakSeconds,
      gates: gatesOfWave(strategy, undefined),
      clusters: [...left].map(({ id, name }) => ({ id, name, because })),
    });
  }
  return waves;
}

function choose(wave: WaveStrategy, left: readonly RolloutCandidate[], total: number): readonly RolloutCandidate[] {
  const selector = wave.clusterSelector === undefined ? [] : parseLabelSelector(wave.clusterSelector);
  const matching = left.filter((cluster) => matchesLabels(selector, cluster.labels));
  const most = wave.count ?? (wave.percent === undefined ? matching.length : Math.ceil((total * wave.percent) / 100));
  return matching.slice(0, most);
}

function reasonOf({ clusterSelector, count, percent }: WaveStrategy, total: number): string {
  const among = clusterSelector === undefined || clusterSelector === '' ? '' : ` that match ${clusterSelector}`;
  if (count !== undefined) return `the wave takes ${count} of the clusters${among} that are left`;
  if (percent !== undefined) return `the wave takes ${percent} % of ${total}, rounded up, from the clusters${among} that are left`;
  return among === '' ? 'the wave takes every cluster that is left' : `its labels match ${clusterSelector ?? ''}`;
}
