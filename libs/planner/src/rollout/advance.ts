import { isWindowOpen, nextWindow } from './maintenance-windows.ts';
import { judgeClusters } from './judge-clusters.ts';
import { beginRollback, finishRollback, listOf } from './roll-back.ts';
import { hasEnded, isAway, totalOf } from './state.ts';
import type { RolloutAction, RolloutDefinition, RolloutEvent, RolloutEventKind, RolloutObservation, RolloutState, RolloutStatus, RolloutWave } from './state.ts';
import { failuresForgiven } from './strategy.ts';
import { approvalsMissing, failuresOf, freezeOf, progressOf } from './wave-progress.ts';
import { takeWebhookAnswer, webhookStep } from './webhook-gate.ts';

export interface RolloutStep {
  readonly state: RolloutState;
  /** To be carried out in the transaction that stores the state; calls to the outside after it. */
  readonly actions: readonly RolloutAction[];
  readonly events: readonly RolloutEvent[];
  /** When to look again though nothing is heard. */
  readonly wakeAt: number | null;
  /** Clusters that were left out of the state are needed now: step again with them. */
  readonly again: boolean;
}

/**
 * Moves a rollout as far as what is seen allows. Level-triggered: with the same state and observation it says the same,
 * and said again of its own result it changes nothing. It never tells a cluster of a wave that is not open, never opens a
 * wave while an earlier one has a gate that is not green, and stops at the first failure that the budget does not forgive.
 */
export function advanceRollout(definition: RolloutDefinition, before: RolloutState, observation: RolloutObservation): RolloutStep {
  if (hasEnded(before.status)) return { state: before, actions: [], events: [], wakeAt: null, again: false };
  const step = new Step(definition, before, observation);
  step.run();
  return step.result();
}

/** Why a rollout does not move: what it shows, and when that may change by itself. */
interface Hold {
  readonly status: RolloutStatus;
  readonly because: string;
  readonly wakeAt?: number | undefined;
}

class Step {
  readonly #definition: RolloutDefinition;
  readonly #before: RolloutState;
  readonly #seen: RolloutObservation;
  #state: RolloutState;
  readonly #actions: RolloutAction[] = [];
  readonly #events: RolloutEvent[] = [];
  readonly #wakeAt: number[] = [];
  #again = false;

  constructor(definition: RolloutDefinition, before: RolloutState, observation: RolloutObservation) {
    this.#definition = definition;
    this.#before = before;
    this.#seen = observation;
    this.#state = before;
  }

  run(): void {
    this.#judge();
    if (this.#state.status !== 'ROLLING_BACK' && this.#endAsAsked()) return;
    if (this.#state.status !== 'ROLLING_BACK') this.#stopAtRed();
    if (this.#state.status === 'ROLLING_BACK') {
      // What was left out of the state is on its way back too: it is to be looked at first.
      this.#again = this.#before.status !== 'ROLLING_BACK';
      const finished = this.#again ? undefined : finishRollback(this.#state, this.#seen.now);
      if (finished === undefined) return;
      this.#state = finished.state;
      this.#events.push(finished.event);
      return;
    }
    const hold = this.#moveOn();
    if (hold !== undefined) this.#show(hold);
  }

  result(): RolloutStep {
    const wakeAt = this.#wakeAt.filter((at) => at > this.#seen.now);
    const ended = hasEnded(this.#state.status);
    return { state: this.#state, actions: this.#actions, events: this.#events, wakeAt: ended || wakeAt.length === 0 ? null : Math.min(...wakeAt), again: this.#again && !ended };
  }

  #judge(): void {
    const { strategy } = this.#definition;
    const { clusters, events, wakeAt } = judgeClusters(strategy, this.#state, this.#seen);
    this.#state = { ...this.#state, clusters };
    this.#events.push(...events);
    this.#wakeAt.push(...wakeAt);
    const taken = takeWebhookAnswer(this.#state, this.#seen);
    if (taken === undefined) return;
    this.#state = taken.state;
    this.#events.push(taken.event);
  }

  /** A person has aborted it. */
  #endAsAsked(): boolean {
    const { abort } = this.#state;
    if (abort === null) return false;
    const reason = `aborted by ${abort.by}${abort.reason === null ? '' : `: ${abort.reason}`}`;
    if (abort.rollback && this.#state.startedAt !== null) {
      this.#rollBack(reason);
      return false;
    }
    this.#state = { ...this.#state, status: 'ABORTED', because: reason, stop: reason, paused: null, endedAt: this.#seen.now };
    this.#say('ABORTED', this.#state.startedAt === null ? 'Aborted before any cluster was touched' : 'Aborted; every cluster keeps what it holds now', null, abort.by);
    return true;
  }

  #stopAtRed(): void {
    if (this.#state.paused !== null) return;
    const reason = this.#redReason();
    if (reason === undefined) return;
    if (this.#definition.strategy.onFailure === 'ROLLBACK') {
      this.#rollBack(reason);
      return;
    }
    this.#state = { ...this.#state, paused: { by: null, at: this.#seen.now, reason } };
    this.#say('PAUSED', `Paused: ${reason}`);
  }

  #redReason(): string | undefined {
    const { counted } = failuresOf(this.#state);
    const forgiven = failuresForgiven(this.#definition.strategy, totalOf(this.#state));
    if (counted.length > forgiven) {
      const names = listOf(counted.map(({ name }) => name));
      const budget = forgiven === 0 ? 'no failure is forgiven' : `${forgiven} ${forgiven === 1 ? 'failure is' : 'failures are'} forgiven`;
      return `${counted.length} ${counted.length === 1 ? 'cluster' : 'clusters'} failed (${names}), and ${budget}. ${counted[0]?.name ?? ''}: ${counted[0]?.reason ?? ''}`;
    }
    const wave = this.#wave();
    if (wave?.webhook?.answer === 'FAIL' && wave.promoted === null) return `the webhook of ${wave.name} said no: ${wave.webhook.evidence ?? ''}`;
    return undefined;
  }

  #rollBack(reason: string): void {
    const { state, event } = beginRollback(this.#state, this.#seen.now, reason);
    this.#state = state;
    this.#actions.push({ type: 'RESTORE' });
    this.#events.push(event);
  }

  /** Goes on until something holds it, and says what. */
  #moveOn(): Hold | undefined {
    for (;;) {
      const { paused } = this.#state;
      if (paused !== null) return { status: 'PAUSED', because: paused.reason };
      const { blockedBy } = this.#seen;
      if (blockedBy !== null && this.#state.startedAt === null) return { status: 'QUEUED', because: `${blockedBy} has to end first: both would touch the same object` };
      const wave = this.#wave();
      if (wave === undefined) {
        this.#succeed();
        return undefined;
      }
      const hold = this.#movePhase(wave);
      if (hold !== undefined) return hold;
    }
  }

  #movePhase(wave: RolloutWave): Hold | undefined {
    switch (wave.phase) {
      case 'PENDING':
        return this.#open(wave);
      case 'OPEN':
        return this.#update(wave);
      case 'SOAKING':
        return this.#soak(wave);
      case 'CHECKING':
        return this.#check(wave);
      case 'DONE':
        this.#state = { ...this.#state, wave: this.#state.wave + 1 };
        return undefined;
      default:
        return wave.phase satisfies never;
    }
  }

  #open(wave: RolloutWave): Hold | undefined {
    if (this.#mayTurnRed()) return loomingHold(this.#state);
    const own = this.#state.clusters.filter((cluster) => cluster.wave === this.#state.wave);
    if (own.length < wave.size) {
      this.#again = true;
      return { status: 'RUNNING', because: `${wave.name} comes next` };
    }
    const waiting = own.filter(({ phase }) => phase === 'PENDING');
    if (waiting.length === 0) {
      this.#patchWave({ phase: 'DONE', doneAt: this.#seen.now });
      if (wave.size > 0) this.#say('WAVE_DONE', `${wave.name} has no cluster left`);
      return undefined;
    }
    const missing = approvalsMissing(wave, 'BEFORE');
    if (missing > 0) return approvalHold(wave, missing, 'begins');
    const hold = this.#barrier(waiting);
    if (hold !== undefined) return hold;
    this.#patchWave({ phase: 'OPEN', openedAt: this.#seen.now });
    this.#state = { ...this.#state, startedAt: this.#state.startedAt ?? this.#seen.now };
    this.#say('WAVE_OPENED', `${wave.name} begins: ${waiting.length} ${waiting.length === 1 ? 'cluster' : 'clusters'}`);
    return undefined;
  }

  #update(wave: RolloutWave): Hold | undefined {
    const progress = progressOf(this.#definition.strategy, this.#state, this.#state.wave, this.#seen);
    const { untold } = progress;
    if (untold.length > 0) {
      const room = (this.#definition.strategy.maxConcurrent ?? Infinity) - progress.waitedFor.length;
      const free = untold.filter(({ id }) => freezeOf(this.#seen, id) === undefined);
      const hold = this.#barrier(untold);
      const next = isWindowOpen(this.#definition.strategy.windows, this.#seen.now) ? free.slice(0, Math.max(0, room)) : [];
      if (next.length > 0 && !this.#mayTurnRed()) {
        this.#tell(next.map(({ id }) => id));
        return undefined;
      }
      if (hold?.wakeAt !== undefined) this.#wakeAt.push(hold.wakeAt);
      if (progress.waitedFor.length === 0 && hold !== undefined) return hold;
    }
    if (untold.length > 0 || progress.waitedFor.length > 0) {
      const left = untold.length + progress.waitedFor.length;
      return { status: 'RUNNING', because: `${wave.name}: ${left} of ${wave.size} still to be updated` };
    }
    if (progress.excused.length > 0 && progress.answered < progress.needed && wave.promoted === null) {
      return { status: 'WAITING_GATE', because: `${wave.name}: ${listOf(progress.excused.map(({ name }) => name))} away, and ${progress.answered} of ${progress.needed} that the quorum asks for have answered` };
    }
    const soakUntil = this.#seen.now + wave.soakSeconds * 1000;
    this.#patchWave({ phase: 'SOAKING', soakUntil });
    if (wave.soakSeconds > 0) this.#say('SOAK_BEGAN', `${wave.name} is updated and is watched for ${wave.soakSeconds} s`);
    return undefined;
  }

  #soak(wave: RolloutWave): Hold | undefined {
    const soakUntil = wave.soakUntil ?? 0;
    if (this.#seen.now < soakUntil && wave.promoted === null) {
      return { status: 'SOAKING', because: `${wave.name} is watched before it counts as good`, wakeAt: soakUntil };
    }
    if (this.#mayTurnRed()) return loomingHold(this.#state);
    this.#patchWave({ phase: 'CHECKING' });
    return undefined;
  }

  #check(wave: RolloutWave): Hold | undefined {
    if (this.#mayTurnRed()) return loomingHold(this.#state);
    const called = webhookStep(wave, this.#state.wave, this.#seen.now);
    if (called !== undefined) {
      this.#patchWave({ webhook: called.webhook });
      if (called.action !== undefined) this.#actions.push(called.action);
      return { status: 'WAITING_GATE', because: `${wave.name}: the webhook has not said yes yet${called.webhook.evidence === null ? '' : ` (${called.webhook.evidence})`}`, wakeAt: called.wakeAt };
    }
    const missing = approvalsMissing(wave, 'AFTER');
    if (missing > 0) return approvalHold(wave, missing, 'counts as good');
    this.#patchWave({ phase: 'DONE', doneAt: this.#seen.now });
    this.#say('WAVE_DONE', `${wave.name} is good`);
    return undefined;
  }

  /** Somebody fails within the grace, and would exceed the budget if it stayed so: nobody else is told meanwhile. */
  #mayTurnRed(): boolean {
    const { counted, looming } = failuresOf(this.#state);
    return looming.length > 0 && counted.length + looming.length > failuresForgiven(this.#definition.strategy, totalOf(this.#state));
  }

  /** What keeps all of these from being changed now: a freeze of every one, or closed windows. */
  #barrier(clusters: readonly { readonly id: string }[]): Hold | undefined {
    const freezes = clusters.map(({ id }) => freezeOf(this.#seen, id));
    const freeze = freezes.find((found) => found !== undefined);
    if (freeze !== undefined && freezes.every((found) => found !== undefined)) {
      return { status: 'FROZEN', because: `frozen: ${freeze.reason}`, wakeAt: freeze.until ?? undefined };
    }
    const { windows } = this.#definition.strategy;
    if (isWindowOpen(windows, this.#seen.now)) return undefined;
    const opens = nextWindow(windows, this.#seen.now);
    return { status: 'WAITING_WINDOW', because: opens === undefined ? 'no maintenance window opens within two weeks' : `the next maintenance window opens at ${new Date(opens).toISOString()}`, wakeAt: opens };
  }

  #tell(clusterIds: readonly string[]): void {
    const told = new Set(clusterIds);
    const { now } = this.#seen;
    const clusters = this.#state.clusters.map((cluster) => {
      if (!told.has(cluster.id)) return cluster;
      const away = isAway(this.#seen.clusters.get(cluster.id)?.lastSeenAt ?? null, now);
      return { ...cluster, phase: 'UPDATING' as const, toldAt: now, waitingSince: away ? null : now };
    });
    this.#state = { ...this.#state, clusters };
    this.#actions.push({ type: 'TELL', clusterIds });
    this.#wakeAt.push(now + this.#definition.strategy.progressDeadlineSeconds * 1000);
  }

  #succeed(): void {
    this.#state = { ...this.#state, status: 'SUCCEEDED', because: 'every wave is good', endedAt: this.#seen.now, startedAt: this.#state.startedAt ?? this.#seen.now };
    this.#actions.push({ type: 'ESTABLISH' });
    this.#say('SUCCEEDED', `${this.#definition.title} is everywhere`);
  }

  #show({ status, because, wakeAt }: Hold): void {
    if (wakeAt !== undefined) this.#wakeAt.push(wakeAt);
    if (this.#before.status !== status && WAITS.has(status)) this.#say('WAITING', because);
    this.#state = { ...this.#state, status, because };
  }

  #wave(): RolloutWave | undefined {
    return this.#state.waves[this.#state.wave];
  }

  #patchWave(patch: Partial<RolloutWave>): void {
    const { wave: at } = this.#state;
    this.#state = { ...this.#state, waves: this.#state.waves.map((wave, index) => (index === at ? { ...wave, ...patch } : wave)) };
  }

  #say(kind: RolloutEventKind, message: string, wave: number | null = this.#state.wave, actor: string | null = null): void {
    this.#events.push({ at: this.#seen.now, kind, message, wave, actor });
  }
}

/** Statuses whose beginning the timeline tells. */
const WAITS: ReadonlySet<RolloutStatus> = new Set(['QUEUED', 'WAITING_APPROVAL', 'WAITING_WINDOW', 'FROZEN', 'WAITING_GATE']);

function approvalHold(wave: RolloutWave, missing: number, until: string): Hold {
  const role = wave.gates.approval?.role.toLowerCase() ?? '';
  return { status: 'WAITING_APPROVAL', because: `${wave.name} ${until} when ${missing} more ${missing === 1 ? 'person' : 'people'} (${role} or above) ${missing === 1 ? 'has' : 'have'} approved it` };
}

function loomingHold(state: RolloutState): Hold {
  const { looming } = failuresOf(state);
  return { status: 'WAITING_GATE', because: `${listOf(looming.map(({ name }) => name))} ${looming.length === 1 ? 'is' : 'are'} failing; it counts when it lasts. ${looming[0]?.reason ?? ''}` };
}
