import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

describe('a fair queue', () => {
  it('serves owners in turn, each in the order in which they sent', () => {
    const queue = new FairQueue<string>({ each: 8, all: 24 });
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) queue.push(item.slice(0, 1), item);
    expect(Array.from({ length: 7 }, () => queue.shift())).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', undefined]);
  });

  it('takes so much of each owner, whoever else waits', () => {
    const queue = new FairQueue<number>({ each: 2, all: 10 });
    expect([1, 2, 3].map((item) => queue.push('a', item).admitted)).toEqual([true, true, false]);
    expect(queue.push('b', 4).admitted).toBe(true);
  });

  it('has the longest line give way when all together are too many, and nobody who waits with as few', () => {
    const queue = new FairQueue<string>({ each: 4, all: 4 });
    for (const item of ['a1', 'a2', 'a3']) queue.push('a', item);
    queue.push('b', 'b1');
    expect(queue.push('c', 'c1')).toEqual({ admitted: true, displaced: 'a3' });
    expect(queue.push('d', 'd1')).toEqual({ admitted: true, displaced: 'a2' });
    expect(queue.push('e', 'e1')).toEqual({ admitted: false });
    expect(queue.waiting).toBe(4);
  });

  it('loses and doubles nothing, stays within its bounds, and lets nobody wait for more than a round', () => {
    const step = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', 'd') }, { weight: 1, arbitrary: fc.constant(null) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new FairQueue<string>({ each: 5, all: 12 });
        const waiting = new Set<string>();
        /** Items served since the first of an owner's line came to be the first. */
        const passed = new Map<string, number>();
        for (const [number, owner] of steps.entries()) {
          if (owner === null) {
            const item = queue.shift();
            expect(item === undefined).toBe(waiting.size === 0);
            if (item === undefined) continue;
            expect(waiting.delete(item)).toBe(true);
            passed.set(item.slice(0, 1), -1);
            for (const other of 'abcd') passed.set(other, [...waiting].some((each) => each.startsWith(other)) ? (passed.get(other) ?? 0) + 1 : 0);
            expect(Math.max(...passed.values())).toBeLessThanOrEqual(4);
          } else {
            const { admitted, displaced } = queue.push(owner, `${owner}${number}`);
            if (displaced !== undefined) expect(waiting.delete(displaced)).toBe(true);
            if (admitted) waiting.add(`${owner}${number}`);
          }
          expect(queue.waiting).toBe(waiting.size);
          expect(waiting.size).toBeLessThanOrEqual(12);
          for (const each of 'abcd') expect([...waiting].filter((item) => item.startsWith(each)).length).toBeLessThanOrEqual(5);
        }
      }),
    );
  });
});
