import { expect, it } from 'vitest';
import { isHeavier } from './is-heavier.ts';

it('tells what is heavy by its texts, its fields and its number of values', () => {
  const light = { objects: [{ kind: 'Service', ports: [80, 443] }], facts: null };
  expect(isHeavier(light, 1_000)).toBe(false);
  for (const heavy of ['x'.repeat(1_001), { hosts: Array.from({ length: 100 }, (_, i) => `host-${i}`) }, Array.from({ length: 300 }, () => 1), { ['x'.repeat(1_001)]: 1 }, new Set(Array.from({ length: 300 }, (_, i) => i))]) {
    expect(isHeavier(heavy, 1_000)).toBe(true);
  }
});

it('neither falls into what is deep nor walks what is long', () => {
  let deep: unknown = 'x';
  for (let i = 0; i < 100_000; i += 1) deep = [deep];
  expect(isHeavier(deep, 1_000)).toBe(true);
});
