import { delay } from '@meshfleet/kube';
import type { DesiredEntry, ReportedCondition, Tombstone } from '@meshfleet/protocol';
import { applyRank } from '@meshfleet/protocol';
import type { KubeObject } from '@meshfleet/model';
import { createHealthWatch } from '../health/health-watch.ts';
import type { Conditions } from '../report/conditions.ts';
import type { HeldState } from '../state/held-state.ts';
import { contentOf, NOTHING_HELD } from '../state/held-state.ts';
import type { ApplyContext } from './apply-entry.ts';
import { applyEntry } from './apply-entry.ts';
import { isAsApplied } from './is-as-applied.ts';
import type { Foreseen } from './key-memory.ts';
import { createKeyMemory } from './key-memory.ts';
import { observeEntry } from './observe-entry.ts';
import type { Outcome } from './outcome.ts';
import type { RetrySpans } from './retry-schedule.ts';
import { createRetrySchedule } from './retry-schedule.ts';
import { conditionOf, conditionOfUnhealthy, conditionOfWithdrawal } from './say-condition.ts';
import { withdraw } from './withdraw.ts';
import { createWorkQueue } from './work-queue.ts';

export interface DeliveryOptions extends ApplyContext {
  readonly conditions: Conditions;
  readonly now: () => Date;
  /** Every object and tombstone of the state has been tried. `open`: keys of objects whose content was never applied. */
  onProcessed(held: HeldState, open: readonly string[]): void;
  /** There is something to report. */
  onNews(): void;
  onProblem?(key: string, error: unknown): void;
  readonly concurrency?: number;
  readonly retrySpans?: RetrySpans | undefined;
  /** How long an object may be pending before it counts as unhealthy. */
  readonly patienceMs?: number | undefined;
}

/** Has the cluster hold what the accepted state says, for as long as it lives. */
export interface Delivery {
  /**
   * Takes over a state. `processed`: an earlier process has carried it out but for the objects that it left `open`, so that
   * differences of the others are somebody's changes.
   */
  deliver(held: HeldState, processed?: { readonly open: ReadonlySet<string> }): void;
  /** An object may have changed: as a watch shows it, undefined for a deletion. */
  touched(key: string, seen: KubeObject | undefined): void;
  wants(key: string): boolean;
  /** What was applied last of each object, at the version that the API server gave it. */
  writes(): Iterable<readonly [key: string, resourceVersion: string]>;
  /** What would be known of an object if content of this hash came next. */
  foresee(key: string, hash: string): Foreseen;
  /** Namespaces or kinds came: what waited for them is tried at once. */
  hurry(pick: (key: string) => boolean): void;
  /** Stops changing anything, and goes on. */
  pause(paused: boolean): void;
  readonly counts: { readonly applied: number; readonly failed: number; readonly corrected: number; readonly deleted: number };
  idle(): Promise<void>;
  stop(): Promise<void>;
}

const WITHDRAWAL = ' withdrawal';
/** Failures of the whole cluster rather than of one object: when one object is over it, the others may be too. */
const SHARED_REASONS: ReadonlySet<string> = new Set(['Forbidden', 'Unauthorized', 'ServerBusy', 'WebhookFailed']);
/** Failures that a watch ends: the namespace or the kind comes, and the object is tried at once. Trying now and then is only the second way. */
const AWAITED_REASONS: ReadonlySet<string> = new Set(['NamespaceNotFound']);
const QUICK_RETRIES_MS = [150, 800];

export function createDelivery(options: DeliveryOptions): Delivery {
  const memory = createKeyMemory(() => options.now().getTime());
  const stopping = new AbortController();
  const settled = new Set<string>();
  const counts = { applied: 0, failed: 0, corrected: 0, deleted: 0 };
  let held: HeldState = NOTHING_HELD;
  let entries = new Map<string, DesiredEntry>();
  let waiting = new Set<string>();
  let acknowledged = true;
  let paused = false;
  /** What is being withdrawn: who is to apply it anew waits, or the end of the one takes away what the other remembers. */
  let withdrawing: { readonly keys: ReadonlySet<string>; readonly done: Promise<unknown> } | undefined;

  const queue = createWorkQueue(options.concurrency ?? 8, (key) => (key === WITHDRAWAL ? withdrawAll() : workEntry(key)));
  const retries = createRetrySchedule((key) => void queue.add(key), Math.random, options.retrySpans);
  const health = createHealthWatch({ onChange: (key) => sayHealth(key), patienceMs: options.patienceMs });
  const say = (condition: ReportedCondition) => {
    options.conditions.set(condition);
    options.onNews();
  };

  async function workEntry(key: string): Promise<void> {
    if (withdrawing?.keys.has(key) === true) await withdrawing.done.catch(() => undefined);
    const entry = entries.get(key);
    const at = held;
    if (entry === undefined || paused || stopping.signal.aborted) return;
    const outcome = await attempt(at, entry);
    // Another state came meanwhile: what was found is about the old one, unless it says the same of this object.
    if (held !== at && entries.get(key)?.hash !== entry.hash) return;
    record(entry, outcome);
    finished(at, key, outcome);
  }

  async function attempt(at: HeldState, entry: DesiredEntry): Promise<Outcome> {
    const object = contentOf(at, entry);
    if (object === undefined) return { kind: 'failed', reason: 'AgentError', message: 'The body of the object is missing from the state that is held.', transient: false };
    if (at.mode === 'OBSERVE') return observeEntry(options, entry, object);
    let outcome = await applyEntry(options, entry, object, memory.knowledge(entry));
    // What has failed for longer is tried once at a time.
    for (const wait of retries.hasFailed(entry.key) ? [] : QUICK_RETRIES_MS) {
      if (outcome.kind !== 'failed' || !outcome.transient || outcome.reason === 'Terminating' || outcome.retryAfterMs !== undefined) break;
      await delay(wait, stopping.signal);
      if (stopping.signal.aborted || held !== at) break;
      outcome = await applyEntry(options, entry, object, memory.knowledge(entry));
    }
    return outcome;
  }

  function record(entry: DesiredEntry, outcome: Outcome): void {
    memory.record(entry, outcome, held.mode);
    if (outcome.kind === 'applied') {
      retries.clear(entry.key);
      counts.applied += 1;
      if (outcome.corrected !== undefined) counts.corrected += 1;
      // A correction stays to be seen until the object is applied anew for another reason.
      const standing = options.conditions.standing(entry.key);
      if (standing !== undefined && SHARED_REASONS.has(standing.reason)) {
        retries.hurry((key) => key !== entry.key && options.conditions.standing(key)?.reason === standing.reason);
      }
      const unhealthy = health.of(entry.key);
      if (unhealthy !== undefined) {
        say(conditionOfUnhealthy(entry, unhealthy, outcome.corrected, options.now()));
        return;
      }
      if (outcome.corrected === undefined && standing?.status === 'CORRECTED' && standing.policyId === entry.policyId) return;
    } else if (outcome.kind === 'failed') {
      counts.failed += 1;
      retries.failed(entry.key, AWAITED_REASONS.has(outcome.reason) ? { transient: false } : outcome);
    } else if (outcome.reason === 'Contested') retries.failed(entry.key, { transient: false });
    else retries.clear(entry.key);
    say(conditionOf(entry, outcome, options.now()));
  }

  /** An object that is as desired says something new of itself. What is not as desired has worse to be told of. */
  function sayHealth(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined || !memory.isSettled(entry, held.mode)) return;
    const unhealthy = health.of(key);
    if (unhealthy !== undefined) say(conditionOfUnhealthy(entry, unhealthy, undefined, options.now()));
    else if (options.conditions.standing(key)?.status === 'UNHEALTHY') say(conditionOf(entry, { kind: 'applied', resourceVersion: '', unkept: undefined }, options.now()));
  }

  function seeHealth(entry: DesiredEntry, seen: KubeObject | undefined): void {
    // How a labelled object fares is its owner's affair, unless the label is one of its pods and so begins a rollout.
    if (seen === undefined) health.forget(entry.key);
    else if (entry.mode === undefined || contentOf(held, entry)?.['spec'] !== undefined) health.see(entry.key, seen);
  }

  /** Whether what a watch shows says enough: nothing of ours changed, or somebody keeps changing it and has yet to give in. */
  function saysEnough(entry: DesiredEntry, seen: KubeObject): boolean {
    const contested = options.conditions.standing(entry.key)?.reason === 'Contested';
    if (held.mode === 'OBSERVE' || (!contested && !memory.isSettled(entry, held.mode))) return false;
    const object = contentOf(held, entry);
    return object !== undefined && isAsApplied(entry, object, seen, memory.knowledge(entry)) !== contested;
  }

  function finished(at: HeldState, key: string, outcome: Outcome): void {
    if (held !== at) return;
    // An API server that cannot be reached has tried nothing: the revision stays open.
    if (outcome.kind === 'failed' && outcome.reason === 'Unreachable') return;
    waiting.delete(key);
    acknowledgeIfDone();
  }

  function acknowledgeIfDone(): void {
    if (acknowledged || waiting.size > 0) return;
    acknowledged = true;
    options.onProcessed(held, held.state.entries.filter((entry) => !memory.knowledge(entry).appliedBefore).map(({ key }) => key));
  }

  async function withdrawAll(): Promise<void> {
    const at = held;
    if (paused || stopping.signal.aborted) return;
    const open = at.state.tombstones.filter((tombstone) => !settled.has(idOf(tombstone)) && !entries.has(tombstone.key));
    if (at.mode === 'ENFORCE' && open.length > 0) {
      const done = withdraw(options, { tombstones: open, listed: entries.size, approvedDeletions: at.approvedDeletions, signal: stopping.signal });
      withdrawing = { keys: new Set(open.map(({ key }) => key)), done };
      const results = await done.finally(() => (withdrawing = undefined));
      if (held !== at) return;
      let again: { transient: boolean } | undefined;
      for (const result of results) {
        if (result.kind !== 'failed') {
          settled.add(idOf(result.tombstone));
          if (result.kind === 'deleted') counts.deleted += 1;
        } else if (result.failure.reason !== 'DeletionGuard') again = { transient: result.failure.transient || again?.transient === true };
        say(conditionOfWithdrawal(result, options.now()));
      }
      if (again !== undefined) retries.failed(WITHDRAWAL, again);
      else retries.clear(WITHDRAWAL);
      if (results.length < open.length || results.some((result) => result.kind === 'failed' && result.failure.reason === 'Unreachable')) return;
    }
    // While observing, tombstones are not carried out, and so the state is not: it is acknowledged when a person has resumed.
    if (at.mode === 'OBSERVE' && open.length > 0) return;
    waiting.delete(WITHDRAWAL);
    acknowledgeIfDone();
  }

  async function deliverInOrder(at: HeldState, keys: readonly string[]): Promise<void> {
    let start = 0;
    while (start < keys.length && held === at) {
      const rank = applyRank(keys[start] ?? '');
      let end = start;
      while (end < keys.length && applyRank(keys[end] ?? '') === rank) end += 1;
      await Promise.all(keys.slice(start, end).map((key) => queue.add(key)));
      start = end;
    }
    // Who is still about to apply what an earlier state asked for would apply it again to what is given back.
    await Promise.all(at.state.tombstones.filter((tombstone) => !settled.has(idOf(tombstone))).map(({ key }) => queue.add(key)));
    // Deletions come last: what moves from one object to another is there before it is gone.
    if (held === at) await queue.add(WITHDRAWAL);
  }

  return {
    deliver(next, processed) {
      const before = held;
      const oldEntries = entries;
      held = next;
      entries = new Map(next.state.entries.map((entry) => [entry.key, entry]));
      for (const entry of next.state.entries) {
        if (processed?.open.has(entry.key) === false) memory.assumeApplied(entry);
        else memory.expect(entry, before, oldEntries.get(entry.key));
        options.conditions.passTo(entry.key, entry.policyId);
      }
      memory.keepOnly(entries);
      const named = new Set(next.state.tombstones.map(idOf));
      for (const id of settled) if (!named.has(id)) settled.delete(id);
      for (const { key } of before.state.entries) {
        if (entries.has(key)) continue;
        retries.clear(key);
        health.forget(key);
        if (!next.state.tombstones.some((tombstone) => tombstone.key === key)) options.conditions.drop(key);
      }
      const keys = next.state.entries.filter((entry) => !memory.isSettled(entry, next.mode)).map((entry) => entry.key);
      waiting = new Set([...keys, WITHDRAWAL]);
      acknowledged = false;
      void deliverInOrder(next, keys);
    },
    touched(key, seen) {
      const entry = entries.get(key);
      if (entry === undefined) return;
      seeHealth(entry, seen);
      if (memory.isOwnWrite(entry, seen?.metadata.resourceVersion) || (seen !== undefined && saysEnough(entry, seen))) return;
      void queue.add(key);
    },
    wants: (key) => entries.has(key),
    writes: () => memory.writes(),
    foresee: (key, hash) => memory.foresee(key, hash, held, entries.get(key)),
    hurry: (pick) => retries.hurry((key) => key !== WITHDRAWAL && pick(key), true),
    pause(value) {
      paused = value;
      if (!paused && !acknowledged) void deliverInOrder(held, [...waiting].filter((key) => key !== WITHDRAWAL));
    },
    counts,
    idle: () => queue.idle(),
    async stop() {
      stopping.abort();
      retries.stop();
      health.stop();
      await queue.idle();
    },
  };
}

const idOf = (tombstone: Tombstone): string => `${tombstone.policyId} ${tombstone.key}`;

