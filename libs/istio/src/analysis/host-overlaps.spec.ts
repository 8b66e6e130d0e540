import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HostSet, earlierOverlaps } from './host-overlaps.ts';

/** Whether some name is meant by both; `*.a.com` and `*.b.a.com` share names, `*` shares with all. */
function hostsOverlap(a: string, b: string): boolean {
  if (a === '*' || b === '*') return true;
  const wildA = a.startsWith('*');
  const wildB = b.startsWith('*');
  if (wildA && wildB) return a.endsWith(b.slice(1)) || b.endsWith(a.slice(1));
  if (wildA) return b.endsWith(a.slice(1));
  if (wildB) return a.endsWith(b.slice(1));
  return a === b;
}

const host = fc.tuple(fc.constantFrom('', '', '*', '*.', '**'), fc.array(fc.constantFrom('a', 'b', 'ab', '.', 'ba.'), { maxLength: 4 })).map(([start, parts]) => start + parts.join(''));
const hosts = fc.array(host, { maxLength: 12 });

it('the first earlier host that each overlaps is the one that comparing all pairs finds', () => {
  fc.assert(
    fc.property(hosts, (all) => {
      expect(earlierOverlaps(all)).toEqual(all.map((one, i) => all.slice(0, i).find((earlier) => hostsOverlap(earlier, one))));
    }),
    { numRuns: 2_000 },
  );
});

it('a set of hosts overlaps and covers what one of them does', () => {
  const covers = (one: string, name: string): boolean => one === name || (one.startsWith('*') && name.endsWith(one.slice(1)));
  fc.assert(
    fc.property(hosts, host, (all, asked) => {
      const set = new HostSet(all);
      expect(set.overlaps(asked)).toBe(all.some((one) => hostsOverlap(asked, one)));
      expect(set.covers(asked)).toBe(all.some((one) => covers(one, asked)));
    }),
    { numRuns: 2_000 },
  );
});

it('many hosts cost about what sorting them costs', () => {
  const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `*.a${i}.b.c.d.e.f.g`);
  // Of this thread alone: on a busy machine the clock tells of others.
  const before = process.threadCpuUsage();
  expect(earlierOverlaps(many(50_000)).every((one) => one === undefined)).toBe(true);
  const { user, system } = process.threadCpuUsage(before);
  // Comparing each with each takes more than a minute.
  expect((user + system) / 1_000).toBeLessThan(5_000);
});
