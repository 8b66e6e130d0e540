/** Waits that grow by doubling, each drawn at random from the upper half of its span, so that many clients do not return together. */
export interface Backoff {
  /** Milliseconds to wait before the next try. */
  next(): number;
  reset(): void;
}

/** The first wait is at most `firstMs`, none is more than `maxMs`. */
export function createBackoff(options: { firstMs: number; maxMs: number; random?: () => number }): Backoff {
  const random = options.random ?? Math.random;
  let failures = 0;
  return {
    next() {
      const span = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(failures, 30));
      failures += 1;
      return span / 2 + random() * (span / 2);
    },
    reset() {
      failures = 0;
    },
  };
}

/** Resolves after `ms`, or at once when the signal is aborted; never rejects. The timer does not keep the process alive by itself when `unref` is set. */
export function delay(ms: number, signal?: AbortSignal, unref = false): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (unref) timer.unref();
    signal?.addEventListener('abort', done, { once: true });
  });
}
