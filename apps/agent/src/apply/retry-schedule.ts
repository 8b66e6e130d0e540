/** When each key is to be tried again. One timer serves them all. */
export interface RetrySchedule {
  /** The n-th failure in a row waits twice as long as the one before. */
  failed(key: string, options: { transient: boolean; retryAfterMs?: number | undefined }): void;
  /** Forgets failures of the key. */
  clear(key: string): void;
  /** Makes all waiting keys due that the predicate picks. `afresh`: what they waited for has come, and earlier failures count no longer. */
  hurry(pick: (key: string) => boolean, afresh?: boolean): void;
  /** Whether the key has failed before, and not been cleared since. */
  hasFailed(key: string): boolean;
  readonly size: number;
  stop(): void;
}

export interface RetrySpan {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Waits for what passes by itself, and for what somebody has to change. */
export interface RetrySpans {
  readonly transient: RetrySpan;
  readonly lasting: RetrySpan;
}

const SPANS: RetrySpans = { transient: { firstMs: 1_000, maxMs: 300_000 }, lasting: { firstMs: 60_000, maxMs: 900_000 } };

export function createRetrySchedule(due: (key: string) => void, random: () => number = Math.random, spans: RetrySpans = SPANS): RetrySchedule {
  const entries = new Map<string, { failures: number; at: number }>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const arm = () => {
    clearTimeout(timer);
    timer = undefined;
    if (stopped) return;
    let earliest = Number.POSITIVE_INFINITY;
    for (const { at } of entries.values()) earliest = Math.min(earliest, at);
    if (earliest === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(fire, Math.max(0, earliest - Date.now()));
    timer.unref();
  };
  const fire = () => {
    const now = Date.now();
    for (const [key, entry] of entries) {
      if (entry.at > now) continue;
      entry.at = Number.POSITIVE_INFINITY;
      due(key);
    }
    arm();
  };

  return {
    failed(key, { transient, retryAfterMs }) {
      const failures = entries.get(key)?.failures ?? 0;
      const { firstMs, maxMs } = transient ? spans.transient : spans.lasting;
      const span = Math.min(maxMs, firstMs * 2 ** Math.min(failures, 20));
      const wait = Math.max(retryAfterMs ?? 0, span * (0.5 + random() / 2));
      entries.set(key, { failures: failures + 1, at: Date.now() + wait });
      arm();
    },
    clear(key) {
      if (entries.delete(key)) arm();
    },
    hurry(pick, afresh = false) {
      for (const [key, entry] of entries) {
        if (entry.at === Number.POSITIVE_INFINITY || !pick(key)) continue;
        entry.at = 0;
        if (afresh) entry.failures = 0;
      }
      arm();
    },
    hasFailed: (key) => (entries.get(key)?.failures ?? 0) > 0,
    get size() {
      return entries.size;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
