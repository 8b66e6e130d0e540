import { nextWindow } from './maintenance-windows.ts';
import { hasEnded, isTouched } from './state.ts';
import type { RolloutCluster, RolloutState, RolloutWave } from './state.ts';
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

/** A freeze that is in force, and whom of those that are still to be told it holds. */
export interface ForecastFreeze {
  /** Null: until somebody ends it. */
  readonly until: number | null;
  /** Ids of clusters by the index of their wave. */
  readonly clusters: 'ALL' | ReadonlyMap<number, readonly string[]>;
}

/** Of a cluster, from being told to having answered, where nobody has answered yet. */
const TYPICAL_MS = 10_000;

/**
 * When each wave and the whole will be done if all goes well. Clusters are taken to need what the ones before have needed
 * (the median); windows, freezes and soaks are known, people are not.
 */
export function forecastRollout(strategy: RolloutStrategy, state: RolloutState, now: number, freezes: readonly ForecastFreeze[]): RolloutForecast {
  const nothing = { waves: state.waves.map(() => null), doneAt: null };
  if (hasEnded(state.status)) return { ...nothing, assumptions: [] };
  if (state.status === 'ROLLING_BACK') return { ...nothing, assumptions: ['it is being rolled back'] };
  if (state.paused !== null) return { ...nothing, assumptions: ['it goes on when somebody resumes it'] };
  const assumptions = new Set<string>(state.status === 'QUEUED' && state.startedAt === null ? ['what it waits for ends now'] : []);
  const typical = typicalOf(state.clusters);
  let at = now;
  const waves = state.waves.map((wave, index): WaveForecast | null => {
    if (index < state.wave || wave.phase === 'DONE') return null;
    for (const assumption of assumptionsOf(wave)) assumptions.add(assumption);
    const forecast = forecastWave({ strategy, state, freezes, typical }, wave, index, at);
    if (forecast === undefined) assumptions.add('a freeze has no end, or no window opens');
    else at = forecast.doneAt;
    return forecast ?? null;
  });
  const known = waves.every((forecast, index) => forecast !== null || index < state.wave || state.waves[index]?.phase === 'DONE');
  return { waves, doneAt: known ? at : null, assumptions: [...assumptions] };
}

interface Outlook {
  readonly strategy: RolloutStrategy;
  readonly state: RolloutState;
  readonly freezes: readonly ForecastFreeze[];
  /** What a cluster needs, in milliseconds. */
  readonly typical: number;
}

function forecastWave({ strategy, state, freezes, typical }: Outlook, wave: RolloutWave, index: number, from: number): WaveForecast | undefined {
  const known = state.clusters.filter((cluster) => cluster.wave === index);
  const waiting = known.length === 0 ? wave.size : known.filter(({ phase }) => phase === 'PENDING').length;
  const open = known.filter(({ phase, settledAt }) => isTouched(phase) && settledAt === null).length;
  const span = waiting === 0 ? { first: from, last: from } : tellingSpan(strategy, freezes, index, waiting, from);
  if (span === undefined) return undefined;
  const turns = Math.ceil((waiting + open) / Math.min(strategy.maxConcurrent ?? Infinity, Math.max(1, waiting + open)));
  const soak = wave.promoted !== null || wave.phase === 'CHECKING' ? 0 : wave.soakSeconds * 1000;
  const updatedAt = Math.max(span.first + turns * typical, span.last > span.first ? span.last + typical : 0);
  const doneAt = wave.phase === 'SOAKING' ? Math.max(from, wave.soakUntil ?? from) : updatedAt + soak;
  return { beginsAt: Math.min(wave.openedAt ?? span.first, doneAt), doneAt };
}

/** When the first and the last cluster of a wave may be told; undefined when one never may, as far as is known. */
function tellingSpan(strategy: RolloutStrategy, freezes: readonly ForecastFreeze[], wave: number, waiting: number, from: number): { readonly first: number; readonly last: number } | undefined {
  const all = freezes.filter(({ clusters }) => clusters === 'ALL').map(untilOf);
  const thaw = new Map<string, number>();
  for (const freeze of freezes) {
    if (freeze.clusters === 'ALL') continue;
    for (const id of freeze.clusters.get(wave) ?? []) thaw.set(id, Math.max(thaw.get(id) ?? 0, untilOf(freeze)));
  }
  const earliest = thaw.size < waiting ? from : Math.min(...thaw.values());
  const first = nextOpen(strategy, Math.max(from, earliest, ...all));
  const last = nextOpen(strategy, Math.max(from, ...thaw.values(), ...all));
  return first === undefined || last === undefined ? undefined : { first, last };
}

function untilOf({ until }: ForecastFreeze): number {
  return until ?? Infinity;
}

function nextOpen({ windows }: RolloutStrategy, at: number): number | undefined {
  return at === Infinity ? undefined : nextWindow(windows, at);
}

function assumptionsOf(wave: RolloutWave): string[] {
  const people = (['BEFORE', 'AFTER'] as const).some((when) => approvalsMissing(wave, when) > 0);
  const programs = wave.gates.webhook !== undefined && wave.webhook?.answer !== 'PASS' && wave.promoted === null;
  return [...(people ? ['approvals are given at once'] : []), ...(programs ? ['webhooks say yes at once'] : [])];
}

function typicalOf(clusters: readonly RolloutCluster[]): number {
  const times = clusters
    .flatMap(({ phase, toldAt, settledAt }) => (phase === 'UPDATED' && toldAt !== null && settledAt !== null ? [settledAt - toldAt] : []))
    .sort((a, b) => a - b);
  return Math.max(1, times[Math.floor(times.length / 2)] ?? TYPICAL_MS);
}
