import { AWAY_AFTER_MS, isAway } from './state.ts';
import type { ClusterObservation, FailureGate, RolloutCluster, RolloutEvent, RolloutObservation, RolloutState, RolloutWave } from './state.ts';
import type { RolloutStrategy } from './strategy.ts';

export interface Judgement {
  readonly clusters: readonly RolloutCluster[];
  readonly events: readonly RolloutEvent[];
  /** When a verdict may change though nothing is heard. */
  readonly wakeAt: readonly number[];
}

/** What is looked at to judge one cluster. */
interface Case {
  readonly strategy: RolloutStrategy;
  readonly wave: RolloutWave;
  readonly cluster: RolloutCluster;
  readonly seen: ClusterObservation;
  readonly now: number;
}
interface Verdict {
  readonly cluster: RolloutCluster;
  readonly wakeAt?: readonly number[];
}
interface Failure {
  readonly gate: FailureGate;
  readonly reason: string;
  /** It may still be on its way to working. */
  readonly slow: boolean;
}

/** Reads what became of each cluster. Only phases, times and reasons change here; nobody is told anything. */
export function judgeClusters(strategy: RolloutStrategy, state: RolloutState, observation: RolloutObservation): Judgement {
  const { now } = observation;
  const verdicts = state.clusters.map((cluster): Verdict => {
    const wave = state.waves[cluster.wave];
    const seen = observation.clusters.get(cluster.id);
    if (wave === undefined || cluster.phase === 'GONE' || cluster.phase === 'ROLLED_BACK') return { cluster };
    if (seen === undefined) return { cluster: { ...cluster, phase: 'GONE', reason: 'it left the fleet', gate: null, failingSince: null, settledAt: cluster.settledAt ?? now } };
    if (cluster.phase === 'PENDING') return { cluster };
    const about = { strategy, wave, cluster, seen, now };
    return cluster.phase === 'ROLLING_BACK' ? judgeReturn(about) : judge(about);
  });
  return {
    clusters: verdicts.map(({ cluster }) => cluster),
    events: verdicts.flatMap(({ cluster }, index) => eventOf(state.clusters[index], cluster, now)),
    wakeAt: verdicts.flatMap(({ wakeAt }) => wakeAt ?? []),
  };
}

function eventOf(before: RolloutCluster | undefined, { phase, name, wave, reason }: RolloutCluster, at: number): RolloutEvent[] {
  if (phase === before?.phase || phase === 'GONE') return [];
  if (phase === 'FAILED') return [{ at, kind: 'CLUSTER_FAILED', wave, actor: null, message: `${name}: ${reason ?? ''}` }];
  return before?.phase === 'FAILED' ? [{ at, kind: 'CLUSTER_RECOVERED', wave, actor: null, message: `${name} works after all` }] : [];
}

function judge(about: Case): Verdict {
  const { wave, cluster, seen, now } = about;
  if (seen.holds !== 'TARGET' || seen.status === 'PENDING') return awaitAnswer(about, { gate: 'APPLIED', missing: 'it is there and has not answered' });
  const failure = failureOf(wave, seen);
  if (failure !== undefined) return judgeFailure(about, failure);
  // An old inventory shows no error that the new version makes. Who failed for want of one has not passed by saying nothing further.
  if (wave.gates.findings && !seen.inventoried && cluster.phase !== 'UPDATED') return awaitAnswer(about, { gate: 'FINDINGS', missing: 'it has answered, and has not told what it holds since' });
  if (cluster.phase === 'UPDATED' && cluster.failingSince === null) return { cluster };
  return { cluster: { ...cluster, phase: 'UPDATED', waitingSince: null, failingSince: null, reason: null, gate: null, accepted: false, settledAt: now } };
}

function judgeFailure({ strategy, cluster, now }: Case, { gate, reason, slow }: Failure): Verdict {
  const failingSince = cluster.failingSince ?? now;
  const patience = failingSince + strategy.failureGraceSeconds * 1000;
  // What was applied a moment ago may still be on its way to working.
  const due = slow ? Math.max(patience, (cluster.toldAt ?? now) + strategy.progressDeadlineSeconds * 1000) : patience;
  if (now < due) return { cluster: { ...cluster, waitingSince: null, failingSince, reason, gate }, wakeAt: [due] };
  if (cluster.phase === 'FAILED' && cluster.reason === reason && cluster.gate === gate) return { cluster };
  const settledAt = cluster.phase === 'FAILED' ? cluster.settledAt : now;
  return { cluster: { ...cluster, phase: 'FAILED', waitingSince: null, failingSince, reason, gate, settledAt } };
}

/** Told, and not heard of yet. Once updated it stays so: other changes of the cluster make it pending for a moment too. */
function awaitAnswer({ strategy, cluster, seen, now }: Case, { gate, missing }: { readonly gate: FailureGate; readonly missing: string }): Verdict {
  if (cluster.phase !== 'UPDATING') return { cluster };
  if (isAway(seen.lastSeenAt, now)) return { cluster: cluster.waitingSince === null ? cluster : { ...cluster, waitingSince: null } };
  const waitingSince = cluster.waitingSince ?? now;
  // Who was not heard of since may be away, which stops nobody; that shows soon.
  const mayBeAway = (seen.lastSeenAt ?? 0) <= waitingSince;
  const due = Math.max(waitingSince + strategy.progressDeadlineSeconds * 1000, mayBeAway ? awayAt(seen) : 0);
  if (now < due) return { cluster: cluster.waitingSince === waitingSince ? cluster : { ...cluster, waitingSince }, wakeAt: [due, awayAt(seen)] };
  return { cluster: { ...cluster, phase: 'FAILED', waitingSince, failingSince: now, settledAt: now, gate, reason: `${missing} for ${strategy.progressDeadlineSeconds} s (progressDeadlineSeconds)` } };
}

/** On its way back. One that cannot, or is away, is told all the same, and does not keep the others. */
function judgeReturn({ strategy, cluster, seen, now }: Case): Verdict {
  const back = { ...cluster, phase: 'ROLLED_BACK' as const, waitingSince: null, settledAt: now };
  if (seen.holds === 'HELD' && (seen.status === 'APPLIED' || seen.status === 'DRIFTED')) return { cluster: { ...back, failingSince: null, reason: null } };
  if (isAway(seen.lastSeenAt, now)) return { cluster: { ...back, reason: 'it is away; it is told to hold what it held as soon as it is back' } };
  const deadline = (cluster.toldAt ?? now) + strategy.progressDeadlineSeconds * 1000;
  // What failed before the rollout fails again: there is nothing to be waited for.
  const failingSince = seen.holds === 'HELD' && seen.status === 'FAILED' ? (cluster.failingSince ?? now) : null;
  const due = failingSince === null ? deadline : Math.min(deadline, failingSince + strategy.failureGraceSeconds * 1000);
  if (now >= due) return { cluster: { ...back, failingSince, reason: seen.failure ?? `it has not confirmed for ${strategy.progressDeadlineSeconds} s; it stays told` } };
  return { cluster: cluster.failingSince === failingSince ? cluster : { ...cluster, failingSince }, wakeAt: [due, awayAt(seen)] };
}

function failureOf(wave: RolloutWave, seen: ClusterObservation): Failure | undefined {
  if (seen.status === 'FAILED') return { gate: 'APPLIED', reason: seen.failure ?? 'an object could not be applied', slow: false };
  if (wave.gates.findings && seen.unanalysed !== undefined) return { gate: 'FINDINGS', reason: `whether there is a new error is not known: ${seen.unanalysed}`, slow: false };
  const [error] = seen.newErrors;
  if (wave.gates.findings && error !== undefined) {
    const more = seen.newErrors.length - 1;
    return { gate: 'FINDINGS', reason: `the analysis finds a new error: ${error}${more === 0 ? '' : ` (and ${more} more)`}`, slow: false };
  }
  if (wave.gates.healthy && seen.unhealthy !== null) return { gate: 'HEALTHY', reason: `not healthy: ${seen.unhealthy}`, slow: true };
  return undefined;
}

function awayAt({ lastSeenAt }: ClusterObservation): number {
  // One millisecond past the last moment at which it still counts as there.
  return (lastSeenAt ?? 0) + AWAY_AFTER_MS + 1;
}
