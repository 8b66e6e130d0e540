/** Keyed work with bounded concurrency: a key is never worked twice at once, and what is asked while it runs is done once more after. */
export interface WorkQueue {
  /** Resolves when a run that began after this call has ended. */
  add(key: string): Promise<void>;
  /** Resolves when nothing is waiting or running. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

/** `work` must not reject. */
export function createWorkQueue(concurrency: number, work: (key: string) => Promise<void>): WorkQueue {
  const waiting = new Map<string, Waiting>();
  const running = new Set<string>();
  let idle: Waiting | undefined;

  const next = () => {
    for (const [key, entry] of waiting) {
      if (running.size >= concurrency) return;
      if (running.has(key)) continue;
      waiting.delete(key);
      running.add(key);
      void work(key).finally(() => {
        running.delete(key);
        entry.resolve();
        next();
      });
    }
    if (waiting.size === 0 && running.size === 0) {
      idle?.resolve();
      idle = undefined;
    }
  };

  return {
    add(key) {
      let entry = waiting.get(key);
      if (entry === undefined) {
        entry = Promise.withResolvers<void>();
        waiting.set(key, entry);
        next();
      }
      return entry.promise;
    },
    idle() {
      if (waiting.size === 0 && running.size === 0) return Promise.resolve();
      idle ??= Promise.withResolvers<void>();
      return idle.promise;
    },
  };
}
