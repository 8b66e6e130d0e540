import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSequence } from './sequence.ts';

it('rises strictly over any restarts, clocks set back, lost Secrets and answers of the hub', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('restart' as const), clock: fc.integer({ min: 0, max: 10_000_000 }) }),
    fc.record({ kind: fc.constant('report' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const stored = { reserved: 0 };
      const open = (clock: number) => createSequence({ reserved: stored.reserved, hubMs: () => clock, reserve: (upTo) => Promise.resolve(void (stored.reserved = upTo)) });
      let sequence = open(1_000);
      let last = -1;
      for (const each of steps) {
        if (each.kind === 'restart') sequence = open(each.clock);
        else {
          const seq = await sequence.next();
          expect(seq).toBeGreaterThan(last);
          expect(seq).toBeLessThanOrEqual(stored.reserved);
          last = seq;
        }
      }
    }),
  );
});

it('goes on from what the hub has seen', async () => {
  const sequence = createSequence({ reserved: 0, hubMs: () => 5, reserve: () => Promise.resolve() });
  await sequence.next();
  sequence.seen(900);
  expect(await sequence.next()).toBe(901);
});
