import { OUTBOX_CHANNEL } from '@meshfleet/store';
import type { OutboxRow, Store } from '@meshfleet/store';
import { setTimeout as sleep } from 'node:timers/promises';
import { toJobs } from './outbox-events.ts';
import type { ReconcilerJob } from './outbox-events.ts';

export interface OutboxRelay {
  /** Hands on what is there and then everything that comes, until it is stopped. */
  start(): Promise<void>;
  /** Hands on all that is there now; returns how many rows that were. */
  drain(): Promise<number>;
  /** Ends after the claim under way. */
  stop(): Promise<void>;
}

export interface OutboxRelayOptions {
  readonly store: Store;
  /** Adds jobs to their queues; a job that is there already is no error. */
  readonly hand: (jobs: readonly ReconcilerJob[]) => Promise<void>;
  /** Looks without having been told to: a notice may get lost. */
  readonly pollMs?: number;
  readonly onHanded?: (rows: readonly OutboxRow[]) => void;
  readonly onUnreadable?: (rows: readonly OutboxRow[]) => void;
  readonly onError?: (error: unknown) => void;
}

const MOST_ROWS = 500;
/**
 * A lone change waits for nothing. After rows were handed on, the next ones gather, the longer the more they were: under
 * load one job carries many changes, and the work on a policy that changes again and again is done once.
 */
const GATHER_MS_PER_ROW = 5;
const MOST_GATHER_MS = 100;

/**
 * Moves rows from the outbox to the queues. A row is deleted after its job was added, so that a crash between the two
 * adds it twice and never loses it. Several relays may run: each holds its own rows.
 */
export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  const { store } = options;
  let stopped = false;
  let due = false;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let unlisten: (() => Promise<void>) | undefined;

  async function handOn(): Promise<number> {
    const claim = await store.relay.claimOutbox(MOST_ROWS);
    const { jobs, unreadable } = toJobs(claim.rows);
    try {
      if (jobs.length > 0) await options.hand(jobs);
    } catch (error) {
      await claim.abandon();
      throw error;
    }
    await claim.done();
    if (claim.rows.length > 0) options.onHanded?.(claim.rows);
    if (unreadable.length > 0) options.onUnreadable?.(unreadable);
    return claim.rows.length;
  }

  async function drain(): Promise<number> {
    let total = 0;
    for (;;) {
      const handed = await handOn();
      total += handed;
      if (handed < MOST_ROWS) return total;
    }
  }

  /** One run at a time; being woken during one makes another. */
  function wake(): void {
    due = true;
    if (stopped) return;
    running ??= run();
  }

  async function run(): Promise<void> {
    try {
      while (due && !stopped) {
        due = false;
        const handed = await drain();
        if (handed > 0) await sleep(Math.min(MOST_GATHER_MS, handed * GATHER_MS_PER_ROW));
      }
    } catch (error) {
      options.onError?.(error);
    } finally {
      running = undefined;
    }
  }

  return {
    async start() {
      unlisten = await store.listen(OUTBOX_CHANNEL, wake, wake);
      timer = setInterval(wake, options.pollMs ?? 5_000);
      wake();
    },
    drain,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await unlisten?.();
      await running;
    },
  };
}
