import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBackoff, delay } from './backoff.ts';

describe('a backoff', () => {
  it('doubles up to its bound, from the upper half of each span', () => {
    const least = createBackoff({ firstMs: 100, maxMs: 1_000, random: () => 0 });
    const most = createBackoff({ firstMs: 100, maxMs: 1_000, random: () => 1 });
    expect(Array.from({ length: 6 }, () => least.next())).toEqual([50, 100, 200, 400, 500, 500]);
    expect(Array.from({ length: 6 }, () => most.next())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('begins anew when it is reset', () => {
    const backoff = createBackoff({ firstMs: 100, maxMs: 1_000, random: () => 1 });
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  it('never waits longer than it may, nor no time at all, however often it failed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 100_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (firstMs, maxMs, drawn) => {
        const backoff = createBackoff({ firstMs, maxMs, random: () => drawn });
        for (let failure = 0; failure < 80; failure += 1) {
          const wait = backoff.next();
          expect(wait).toBeGreaterThan(0);
          expect(wait).toBeLessThanOrEqual(maxMs);
        }
      }),
    );
  });
});

describe('a delay', () => {
  it('ends at once when it was called off before or is called off meanwhile, and rejects neither time', async () => {
    await delay(60_000, AbortSignal.abort());
    const stopping = new AbortController();
    const waiting = delay(60_000, stopping.signal);
    stopping.abort();
    await waiting;
  });
});
