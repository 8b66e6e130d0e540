import { createBackoff, delay } from '@meshfleet/kube';
import type { DesiredEvent } from '@meshfleet/protocol';
import type { ErrorEnvelope } from '@meshfleet/model';
import { lostRace } from '../identity/secret-file.ts';
import type { FetchOutcome } from './fetch-state.ts';
import type { HeldState } from './held-state.ts';
import type { StateStore } from './state-store.ts';

export interface SyncOptions {
  readonly store: StateStore;
  held(): HeldState;
  fetch(held: HeldState): Promise<FetchOutcome>;
  /** A state was accepted and stored. */
  onAccepted(held: HeldState, abandoned: readonly string[]): void;
  onRefused(error: ErrorEnvelope): void;
  onProblem(error: unknown): void;
  readonly signal: AbortSignal;
  readonly maxBackoffMs?: number;
}

/** Gets what the hub announces, one state at a time: fetched, judged, stored, and only then taken over. */
export interface Sync {
  announced(event: DesiredEvent): void;
}

export function createSync(options: SyncOptions): Sync {
  const backoff = createBackoff({ firstMs: 500, maxMs: options.maxBackoffMs ?? 60_000 });
  let wanted: DesiredEvent | undefined;
  let running = false;

  const isNew = (event: DesiredEvent): boolean => {
    const held = options.held();
    return event.epoch !== held.epoch || event.revision !== held.revision || event.digest !== held.digest || event.mode !== held.mode || event.approvedDeletions !== held.approvedDeletions;
  };

  async function run(): Promise<void> {
    for (let event = wanted; event !== undefined && isNew(event) && !options.signal.aborted; event = wanted) {
      const before = options.held();
      let moved = false;
      try {
        const outcome = await options.fetch(before);
        if (outcome.accepted) {
          moved = differs(before, outcome.held);
          if (moved) {
            // Stored before it is acted upon: after a crash nothing older than what was acted upon is accepted.
            await options.store.save(outcome.held);
            options.onAccepted(outcome.held, outcome.abandoned);
          }
        } else options.onRefused(outcome.error);
      } catch (error) {
        if (options.signal.aborted) return;
        options.onProblem(error);
        if (lostRace(error)) await options.store.load().catch(options.onProblem);
      }
      if (moved) backoff.reset();
      else await delay(backoff.next(), options.signal);
    }
  }

  return {
    announced(event) {
      wanted = event;
      if (running) return;
      running = true;
      void run().finally(() => {
        running = false;
      });
    },
  };
}

const differs = (a: HeldState, b: HeldState): boolean => a.epoch !== b.epoch || a.revision !== b.revision || a.digest !== b.digest || a.mode !== b.mode || a.approvedDeletions !== b.approvedDeletions;
