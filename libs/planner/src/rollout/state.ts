import type { PlannedWave } from './plan-waves.ts';
import type { Gates, RolloutStrategy } from './strategy.ts';

export const ROLLOUT_STATUSES = [
  'QUEUED',
  'WAITING_APPROVAL',
  'WAITING_WINDOW',
  'FROZEN',
  'RUNNING',
  'SOAKING',
  'WAITING_GATE',
  'PAUSED',
  'ROLLING_BACK',
  'SUCCEEDED',
  'ROLLED_BACK',
  'ABORTED',
  'SUPERSEDED',
] as const;
export type RolloutStatus = (typeof ROLLOUT_STATUSES)[number];

export const ENDED_STATUSES = ['SUCCEEDED', 'ROLLED_BACK', 'ABORTED', 'SUPERSEDED'] as const satisfies readonly RolloutStatus[];

/** Nothing moves it any more. */
export function hasEnded(status: RolloutStatus): boolean {
  return ENDED_STATUSES.some((ended) => ended === status);
}

/** Whether a rollout moves on without a person: what it does or waits for comes by itself. */
export function goesOnByItself(status: RolloutStatus): boolean {
  return !hasEnded(status) && status !== 'PAUSED' && status !== 'WAITING_APPROVAL';
}

export type WavePhase = 'PENDING' | 'OPEN' | 'SOAKING' | 'CHECKING' | 'DONE';

/**
 * PENDING: holds what it held. UPDATING: was told of the target. UPDATED and FAILED: what came of it. ROLLING_BACK and
 * ROLLED_BACK: told to hold again what it held. GONE: left the fleet.
 */
export type ClusterPhase = 'PENDING' | 'UPDATING' | 'UPDATED' | 'FAILED' | 'ROLLING_BACK' | 'ROLLED_BACK' | 'GONE';

/** Phases in which a cluster was told of the target. */
export const TOUCHED_PHASES = ['UPDATING', 'UPDATED', 'FAILED'] as const satisfies readonly ClusterPhase[];

export function isTouched(phase: ClusterPhase): boolean {
  return TOUCHED_PHASES.some((touched) => touched === phase);
}

/** What a cluster of a wave may fail at. */
export const FAILURE_GATES = ['APPLIED', 'HEALTHY', 'FINDINGS'] as const;
export type FailureGate = (typeof FAILURE_GATES)[number];

/** One cluster of a rollout. Times are milliseconds since 1970. */
export interface RolloutCluster {
  readonly id: string;
  readonly name: string;
  readonly wave: number;
  readonly phase: ClusterPhase;
  /** When it was told last: of the target, or to go back. */
  readonly toldAt: number | null;
  /** Since when it is there and owes an answer; null while it is away. */
  readonly waitingSince: number | null;
  readonly failingSince: number | null;
  readonly settledAt: number | null;
  /** What is wrong with it, for people. */
  readonly reason: string | null;
  /** The gate that does not open for this reason, or did not when it turned back; null where there is none. */
  readonly gate: FailureGate | null;
  /** A person has accepted this failure: it counts no more. */
  readonly accepted: boolean;
}

export interface Approval {
  readonly by: string;
  readonly at: number;
}

export interface WebhookState {
  /** Of the last call; 0 before the first. */
  readonly attempt: number;
  /** The call that was answered last: each answer is taken once. */
  readonly answeredAttempt: number;
  readonly since: number;
  /** When to call (again). */
  readonly nextAt: number;
  readonly answer: 'WAIT' | 'PASS' | 'FAIL';
  /** What came back, or why nothing did. */
  readonly evidence: string | null;
}

export interface RolloutWave {
  readonly name: string;
  /** How many clusters it has, those included that are gone. */
  readonly size: number;
  readonly soakSeconds: number;
  readonly gates: Gates;
  readonly phase: WavePhase;
  readonly openedAt: number | null;
  readonly soakUntil: number | null;
  readonly doneAt: number | null;
  readonly approvals: readonly Approval[];
  readonly webhook: WebhookState | null;
  /** A person has ended its waiting: soak, webhook and quorum. */
  readonly promoted: Approval | null;
}

/**
 * Everything that a rollout is, apart from what its clusters hold. `clusters` may leave out those that nothing is to be
 * decided about: whole waves after the one that is under way, and of earlier waves what is updated and stays so.
 */
export interface RolloutState {
  readonly status: RolloutStatus;
  /** What it is doing, or what it waits for, in one sentence. */
  readonly because: string;
  /** Index of the wave that is under way, or comes next. */
  readonly wave: number;
  readonly waves: readonly RolloutWave[];
  readonly clusters: readonly RolloutCluster[];
  readonly paused: { readonly by: string | null; readonly at: number; readonly reason: string } | null;
  /** Asked for by a person; carried out by the next step. */
  readonly abort: { readonly by: string; readonly at: number; readonly rollback: boolean; readonly reason: string | null } | null;
  /** Why it was rolled back. */
  readonly stop: string | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

export type RolloutEventKind =
  | 'PLANNED'
  | 'WAITING'
  | 'WAVE_OPENED'
  | 'CLUSTER_FAILED'
  | 'CLUSTER_RECOVERED'
  | 'SOAK_BEGAN'
  | 'WEBHOOK_ANSWERED'
  | 'APPROVED'
  | 'PROMOTED'
  | 'WAVE_DONE'
  | 'PAUSED'
  | 'RESUMED'
  | 'ABORT_ASKED'
  | 'ROLLBACK_BEGAN'
  | 'ROLLED_BACK'
  | 'SUCCEEDED'
  | 'ABORTED'
  | 'SUPERSEDED';

/** What happened, and why: the timeline. */
export interface RolloutEvent {
  readonly at: number;
  readonly kind: RolloutEventKind;
  readonly message: string;
  readonly wave: number | null;
  /** Null: the rollout did it by itself. */
  readonly actor: string | null;
}

export type RolloutAction =
  /** Give these clusters the target. */
  | { readonly type: 'TELL'; readonly clusterIds: readonly string[] }
  /** Give every cluster that was told of the target what it held before. */
  | { readonly type: 'RESTORE' }
  | { readonly type: 'CALL_WEBHOOK'; readonly wave: number; readonly attempt: number; readonly url: string }
  /** The target is what the subject is from now on. */
  | { readonly type: 'ESTABLISH' }
  /** The rollout has left everything as it was: it has no more say in what clusters hold. */
  | { readonly type: 'RELEASE' };

/** What the world looks like now, as far as the rollout's clusters go. */
export interface RolloutObservation {
  readonly now: number;
  /** The rollout that has to end before this one may begin. */
  readonly blockedBy: string | null;
  /** Clusters that are missing here are taken for gone. */
  readonly clusters: ReadonlyMap<string, ClusterObservation>;
  readonly freezes: readonly FreezeObservation[];
  /** The answer to a call that was asked for. */
  readonly webhook?: WebhookAnswer;
}

export interface ClusterObservation {
  /** Which version `status` is about. */
  readonly holds: 'HELD' | 'TARGET';
  readonly status: 'PENDING' | 'APPLIED' | 'FAILED' | 'DRIFTED';
  /** By the clock of `now`. */
  readonly lastSeenAt: number | null;
  /** What failed, when it did. */
  readonly failure: string | null;
  /** An object whose own status says that it does not work. */
  readonly unhealthy: string | null;
  /** Errors of the analysis that were not there when the wave began. */
  readonly newErrors: readonly string[];
  /** Why nobody knows of new errors; absent: they are known. */
  readonly unanalysed?: string;
  /** The inventory that they were looked for in was taken after the cluster had answered. */
  readonly inventoried: boolean;
}

export interface FreezeObservation {
  readonly reason: string;
  readonly until: number | null;
  readonly clusters: 'ALL' | ReadonlySet<string>;
}

export interface WebhookAnswer {
  readonly wave: number;
  readonly attempt: number;
  /** NOT_CALLED: nobody has asked it this time, which none of its time goes by for. */
  readonly answer: 'PASS' | 'WAIT' | 'FAIL' | 'NOT_CALLED';
  readonly evidence: string;
}

/** Silent for longer: away. As the API shows clusters OFFLINE. */
export const AWAY_AFTER_MS = 90_000;

export function isAway(lastSeenAt: number | null, now: number): boolean {
  return lastSeenAt === null || now - lastSeenAt > AWAY_AFTER_MS;
}

/** The state before anything has happened. */
export function beginRollout(planned: readonly PlannedWave[]): RolloutState {
  return {
    status: 'QUEUED',
    because: 'it begins as soon as nothing is in its way',
    wave: 0,
    waves: planned.map(({ name, soakSeconds, gates, clusters }) => ({
      name,
      size: clusters.length,
      soakSeconds,
      gates,
      phase: 'PENDING',
      openedAt: null,
      soakUntil: null,
      doneAt: null,
      approvals: [],
      webhook: null,
      promoted: null,
    })),
    clusters: planned.flatMap(({ clusters }, wave) => clusters.map(({ id, name }) => untouched(id, name, wave))),
    paused: null,
    abort: null,
    stop: null,
    startedAt: null,
    endedAt: null,
  };
}

function untouched(id: string, name: string, wave: number): RolloutCluster {
  return { id, name, wave, phase: 'PENDING', toldAt: null, waitingSince: null, failingSince: null, settledAt: null, reason: null, gate: null, accepted: false };
}

export function totalOf(state: RolloutState): number {
  return state.waves.reduce((sum, { size }) => sum + size, 0);
}

export interface RolloutDefinition {
  readonly strategy: RolloutStrategy;
  /** What moves, for people: "strict-mtls to version 4". */
  readonly title: string;
  readonly createdBy: string;
  /** Clusters held different versions when it began: only its own rows say which, also after it has ended. */
  readonly mixed: boolean;
}
