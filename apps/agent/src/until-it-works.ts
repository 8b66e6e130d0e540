import { createBackoff, delay } from '@meshfleet/kube';
import type { Log } from './log.ts';
import { describeError } from './log.ts';

/** Tries until it works: for the start, when nothing else can be done. Undefined when it was told to stop first. */
export async function untilItWorks<T>(what: string, work: () => Promise<T>, { signal, log }: { signal: AbortSignal; log: Log }): Promise<T | undefined> {
  const backoff = createBackoff({ firstMs: 500, maxMs: 60_000 });
  while (!signal.aborted) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) return undefined;
      log.error({ what, ...describeError(error) }, 'cannot start yet');
      await delay(backoff.next(), signal);
    }
  }
  return undefined;
}
