/**
 * Numbers for reports that rise strictly, across restarts, restored Secrets and clocks set back.
 *
 * The first number is the greater of the hub's clock in milliseconds and one past what the Secret says may have been used; then each is one more.
 * Numbers are reserved in the Secret in blocks before they are used, so that a restart never uses one twice whatever the clock says; and when the
 * hub names a higher one (the Secret was lost and the clock is behind), counting goes on from there.
 */
export interface Sequence {
  next(): Promise<number>;
  /** The hub has taken a report of this number. */
  seen(seq: number): void;
}

const BLOCK = 100_000;

export function createSequence(options: { reserved: number; hubMs: () => number; reserve: (upTo: number) => Promise<void> }): Sequence {
  let last = Math.max(options.reserved, Math.floor(options.hubMs()) - 1);
  let reserved = options.reserved;
  return {
    async next() {
      const seq = last + 1;
      if (seq > reserved) {
        await options.reserve(seq + BLOCK);
        reserved = seq + BLOCK;
      }
      last = seq;
      return seq;
    },
    seen(seq) {
      if (seq > last) last = seq;
    },
  };
}
