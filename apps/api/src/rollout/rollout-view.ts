import { showGates, showPhase } from '@meshfleet/planner';
import type { RolloutClusterRow, RolloutEventRow, RolloutRow, RolloutTally } from '@meshfleet/store';
import { formatGlobalId } from '../graphql/global-id.ts';

/** A rollout as GraphQL's type Rollout, with its row for the fields that are looked up. */
export function rolloutView(row: RolloutRow) {
  const { strategy, status, because, active, createdBy, createdAt, startedAt, endedAt } = row;
  return {
    __typename: 'Rollout' as const,
    row,
    id: formatGlobalId({ type: 'Rollout', id: row.id }),
    status,
    because,
    active,
    currentWave: row.planned ? row.state.wave : 0,
    strategy,
    createdBy,
    createdAt,
    startedAt,
    endedAt,
  };
}
export type RolloutView = ReturnType<typeof rolloutView>;

/** Its waves as GraphQL's type RolloutWave; none before it is planned. */
export function waveViews(row: RolloutRow, tallies: readonly RolloutTally[]) {
  if (!row.planned) return [];
  const byWave = Map.groupBy(tallies, ({ wave }) => wave);
  return row.state.waves.map((wave, index) => ({
    rolloutId: row.id,
    index,
    name: wave.name,
    size: wave.size,
    phase: showPhase(row.status, wave, byWave.get(index) ?? []),
    gates: showGates(wave, byWave.get(index) ?? []),
    soakSeconds: wave.soakSeconds,
    openedAt: date(wave.openedAt),
    soakUntil: date(wave.soakUntil),
    doneAt: date(wave.doneAt),
    promotedBy: wave.promoted?.by ?? null,
  }));
}
export type RolloutWaveView = ReturnType<typeof waveViews>[number];

export function rolloutClusterView(row: RolloutClusterRow) {
  const { wave, because, phase, heldVersion, targetVersion, reason, accepted, toldAt, settledAt } = row;
  return { row, wave, because, phase, heldVersion, targetVersion, reason, accepted, toldAt, settledAt };
}
export type RolloutClusterView = ReturnType<typeof rolloutClusterView>;

export function rolloutEventView({ at, kind, message, wave, actor }: RolloutEventRow) {
  return { at, kind, message, wave, actor };
}

export function date(at: number | null): Date | null {
  return at === null ? null : new Date(at);
}
