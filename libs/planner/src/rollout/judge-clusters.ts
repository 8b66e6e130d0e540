import { NEW_ERROR, UNHEALTHY } from './show-gates.ts';
import { AWAY_AFTER_MS, isAway } from './state.ts';
import type { ClusterObservation, RolloutCluster, RolloutEvent, RolloutObservation, RolloutState, RolloutWave } from './state.ts';
import type { RolloutStrategy } from './strategy.ts';

export interface Judgement {
  readonly clusters: readonly RolloutCluster[];
  readonly events: readonly RolloutEvent[];
  /** When a verdict may change though nothing is heard. */
  readonly wakeAt: readonly number[];
}

/** Reads what became of each cluster. Only phases, times and reasons change here; nobody is told anything. */
export function judgeClusters(strategy: RolloutStrategy, state: RolloutState, observation: RolloutObservation): Judgement {
  const events: RolloutEvent[] = [];
  const wakeAt: number[] = [];
  const clusters = state.clusters.map((cluster) => {
    const wave = state.waves[cluster.wave];
    const seen = observation.clusters.get(cluster.id);
    if (wave === undefined || cluster.phase === 'GONE' || cluster.phase === 'ROLLED_BACK') return cluster;
    if (seen === undefined) return { ...cluster, phase: 'GONE' as const, reason: 'it left the fleet', failingSince: null, settledAt: cluster.settledAt ?? observation.now };
    if (cluster.phase === 'PENDING') return cluster;
    const judged = cluster.phase === 'ROLLING_BACK' ? judgeReturn(strategy, cluster, seen, observation.now, wakeAt) : judge(strategy, wave, cluster, seen, observation.now, wakeAt);
    if (judged.phase !== cluster.phase && (judged.phase === 'FAILED' || cluster.phase === 'FAILED')) {
      const failed = judged.phase === 'FAILED';
      events.push({ at: observation.now, kind: failed ? 'CLUSTER_FAILED' : 'CLUSTER_RECOVERED', wave: cluster.wave, actor: null, message: failed ? `${cluster.name}: ${judged.reason ?? ''}` : `${cluster.name} works after all` });
    }
    return judged;
  });
  return { clusters, events, wakeAt };
}

function judge(strategy: RolloutStrategy, wave: RolloutWave, cluster: RolloutCluster, seen: ClusterObservation, now: number, wakeAt: number[]): RolloutCluster {
  if (seen.holds !== 'TARGET' || seen.status === 'PENDING') return awaitAnswer(strategy, cluster, seen, now, wakeAt);
  const failure = failureOf(wave, seen);
  if (failure === undefined) {
    if (cluster.phase === 'UPDATED' && cluster.failingSince === null) return cluster;
    return { ...cluster, phase: 'UPDATED', waitingSince: null, failingSince: null, reason: null, accepted: false, settledAt: now };
  }
  const failingSince = cluster.failingSince ?? now;
  const patience = failingSince + strategy.failureGraceSeconds * 1000;
  // What was applied a moment ago may still be on its way to working.
  const due = failure.slow ? Math.max(patience, (cluster.toldAt ?? now) + strategy.progressDeadlineSeconds * 1000) : patience;
  const failed = now >= due;
  if (!failed) wakeAt.push(due);
  const { reason } = failure;
  if (failed && cluster.phase === 'FAILED' && cluster.reason === reason) return cluster;
  return { ...cluster, phase: failed ? 'FAILED' : cluster.phase, waitingSince: null, failingSince, reason, settledAt: failed ? (cluster.phase === 'FAILED' ? cluster.settledAt : now) : cluster.settledAt };
}

/** Told, and not heard of yet. Once updated it stays so: other changes of the cluster make it pending for a moment too. */
function awaitAnswer(strategy: RolloutStrategy, cluster: RolloutCluster, seen: ClusterObservation, now: number, wakeAt: number[]): RolloutCluster {
  if (cluster.phase !== 'UPDATING') return cluster;
  if (isAway(seen.lastSeenAt, now)) return cluster.waitingSince === null ? cluster : { ...cluster, waitingSince: null };
  const waitingSince = cluster.waitingSince ?? now;
  const due = waitingSince + strategy.progressDeadlineSeconds * 1000;
  if (now < due) {
    wakeAt.push(due, awayAt(seen));
    return cluster.waitingSince === waitingSince ? cluster : { ...cluster, waitingSince };
  }
  return { ...cluster, phase: 'FAILED', waitingSince, failingSince: now, settledAt: now, reason: `it is there and has not answered for ${strategy.progressDeadlineSeconds} s (progressDeadlineSeconds)` };
}

/** On its way back. One that cannot, or is away, is told all the same, and does not keep the others. */
function judgeReturn(strategy: RolloutStrategy, cluster: RolloutCluster, seen: ClusterObservation, now: number, wakeAt: number[]): RolloutCluster {
  const answered = seen.holds === 'HELD' && (seen.status === 'APPLIED' || seen.status === 'DRIFTED');
  if (answered) return { ...cluster, phase: 'ROLLED_BACK', waitingSince: null, failingSince: null, reason: null, settledAt: now };
  if (isAway(seen.lastSeenAt, now)) return { ...cluster, phase: 'ROLLED_BACK', waitingSince: null, reason: 'it is away; it is told to hold what it held as soon as it is back', settledAt: now };
  const due = (cluster.toldAt ?? now) + strategy.progressDeadlineSeconds * 1000;
  if (now >= due) {
    return { ...cluster, phase: 'ROLLED_BACK', waitingSince: null, reason: seen.failure ?? `it has not confirmed for ${strategy.progressDeadlineSeconds} s; it stays told`, settledAt: now };
  }
  wakeAt.push(due, awayAt(seen));
  return cluster;
}

function failureOf(wave: RolloutWave, seen: ClusterObservation): { readonly reason: string; readonly slow: boolean } | undefined {
  if (seen.status === 'FAILED') return { reason: seen.failure ?? 'an object could not be applied', slow: false };
  const [error] = seen.newErrors;
  if (wave.gates.findings && error !== undefined) {
    const more = seen.newErrors.length - 1;
    return { reason: `${NEW_ERROR}${error}${more === 0 ? '' : ` (and ${more} more)`}`, slow: false };
  }
  if (wave.gates.healthy && seen.unhealthy !== null) return { reason: `${UNHEALTHY}${seen.unhealthy}`, slow: true };
  return undefined;
}

function awayAt({ lastSeenAt }: ClusterObservation): number {
  // One millisecond past the last moment at which it still counts as there.
  return (lastSeenAt ?? 0) + AWAY_AFTER_MS + 1;
}
