const PAUSE_MS = 250;
const QUIET_MS = 2_000;
let last = 0;
let later: NodeJS.Timeout | undefined;

/**
 * Much garbage was made: collects it, a few times a second at most, and once more, thoroughly, when it is quiet.
 * Reading a whole cluster makes garbage faster than V8 cares to collect in a heap that it may grow to gigabytes, and what the heap once grew to stays
 * resident: it costs every cluster of a fleet for as long as its agent idles. Does nothing unless Node was started with `--expose-gc`, as in deploy/agent.
 */
export function madeGarbage(): void {
  const { gc } = globalThis;
  if (gc === undefined) return;
  const now = Date.now();
  if (now - last >= PAUSE_MS) {
    gc();
    last = Date.now();
  }
  clearTimeout(later);
  later = setTimeout(() => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }), QUIET_MS);
  later.unref();
}
