import { nextWindow } from './maintenance-windows.ts';
import { hasEnded, isTouched } from './state.ts';
import type { FreezeObservation, RolloutCluster, RolloutState, RolloutWave } from './state.ts';
import type { RolloutStrategy } from './strategy.ts';
import { approvalsMissing } from './wave-progress.ts';

export interface WaveForecast {
  readonly beginsAt: number;
  readonly doneAt: number;
}

export interface RolloutForecast {
  /** By wave; null for a wave that is done, and where nothing can be said. */
  readonly waves: readonly (WaveForecast | null)[];
  readonly doneAt: number | null;
  /** What the times take for granted: people and programs answer at once. */
  readonly assumptions: readonly string[];
}

/** Of a cluster, from being told to having answered, where nobody has answered yet. */
const TYPICAL_MS = 10_000;

/**
 * When each wave and the whole will be done if all goes well. Clusters are taken to need what the ones before have needed
 * (the median); windows, freezes and soaks are known, people are not.
 */
export function forecastRollout(strategy: RolloutStrategy, state: RolloutState, now: number, freezes: readonly FreezeObservation[]): RolloutForecast {
  const nothing = { waves: state.waves.map(() => null), doneAt: null };
  if (hasEnded(state.status)) return { ...nothing, assumptions: [] };
  if (state.status === 'ROLLING_BACK') return { ...nothing, assumptions: ['it is being rolled back'] };
  if (state.paused !== null) return { ...nothing, assumptions: ['it goes on when somebody resumes it'] };
  const assumptions = new Set<string>(state.status === 'QUEUED' && state.startedAt === null ? ['what it waits for ends now'] : []);
  const typical = typicalOf(state.clusters);
  let at = now;
  const waves = state.waves.map((wave, index): WaveForecast | null => {
    if (index < state.wave || wave.phase === 'DONE') return null;
    const forecast = forecastWave(strategy, state, wave, index, at, typical, freezes, assumptions);
    if (forecast !== undefined) at = forecast.doneAt;
    return forecast ?? null;
  });
  const known = waves.every((forecast, index) => forecast !== null || index < state.wave || state.waves[index]?.phase === 'DONE');
  return { waves, doneAt: known ? at : null, assumptions: [...assumptions] };
}

function forecastWave(
  strategy: RolloutStrategy,
  state: RolloutState,
  wave: RolloutWave,
  index: number,
  from: number,
  typical: number,
  freezes: readonly FreezeObservation[],
  assumptions: Set<string>,
): WaveForecast | undefined {
  const known = state.clusters.filter((cluster) => cluster.wave === index);
  const waiting = known.length === 0 ? wave.size : known.filter(({ phase }) => phase === 'PENDING').length;
  const open = known.filter(({ phase, settledAt }) => isTouched(phase) && settledAt === null).length;
  let beginsAt = from;
  if (waiting > 0) {
    const free = nextFree(strategy, from, freezes);
    if (free === undefined) {
      assumptions.add('a freeze has no end, or no window opens');
      return undefined;
    }
    beginsAt = wave.openedAt ?? free;
    from = free;
  }
  if (waiting > 0 && freezes.some(({ clusters }) => clusters !== 'ALL')) assumptions.add('no freeze of some clusters holds up the ones that are waiting');
  for (const when of ['BEFORE', 'AFTER'] as const) if (approvalsMissing(wave, when) > 0) assumptions.add('approvals are given at once');
  if (wave.gates.webhook !== undefined && wave.webhook?.answer !== 'PASS' && wave.promoted === null) assumptions.add('webhooks say yes at once');
  const turns = Math.ceil((waiting + open) / Math.min(strategy.maxConcurrent ?? Infinity, Math.max(1, waiting + open)));
  const soak = wave.promoted !== null || wave.phase === 'CHECKING' ? 0 : wave.soakSeconds * 1000;
  const doneAt = wave.phase === 'SOAKING' ? Math.max(from, wave.soakUntil ?? from) : from + turns * typical + soak;
  return { beginsAt: Math.min(beginsAt, doneAt), doneAt };
}

/** The first instant at which neither the whole fleet is frozen nor every window closed. */
function nextFree(strategy: RolloutStrategy, from: number, freezes: readonly FreezeObservation[]): number | undefined {
  let at: number | undefined = from;
  for (const freeze of freezes.filter(({ clusters }) => clusters === 'ALL')) {
    if (freeze.until === null) return undefined;
    at = Math.max(at, freeze.until);
  }
  return nextWindow(strategy.windows, at);
}

function typicalOf(clusters: readonly RolloutCluster[]): number {
  const times = clusters
    .flatMap(({ phase, toldAt, settledAt }) => (phase === 'UPDATED' && toldAt !== null && settledAt !== null ? [settledAt - toldAt] : []))
    .sort((a, b) => a - b);
  return Math.max(1, times[Math.floor(times.length / 2)] ?? TYPICAL_MS);
}
