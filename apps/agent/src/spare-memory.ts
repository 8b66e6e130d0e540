import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const PAUSE_MS = 250;
let collect: (() => void) | undefined;
let last = 0;
let later: NodeJS.Timeout | undefined;

/**
 * Has V8 prefer a small heap to speed: for a process that idles in every cluster of a fleet. Call it first.
 * Reading a whole cluster makes garbage faster than V8 cares to collect in a heap that it may grow to gigabytes, and what the heap once grew to stays
 * resident; so the agent says itself when it has just made much of it.
 */
export function preferSmallHeap(): void {
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--expose-gc');
  collect = runInNewContext('gc') as () => void; // what --expose-gc defines
}

/** Much garbage was made: collects it, a few times a second at most, and once more when it is quiet. */
export function madeGarbage(): void {
  if (collect === undefined) return;
  const now = Date.now();
  if (now - last >= PAUSE_MS) {
    collect();
    last = Date.now();
  }
  clearTimeout(later);
  later = setTimeout(() => collect?.(), 2_000);
  later.unref();
}
