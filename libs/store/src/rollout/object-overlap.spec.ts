import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { mayOverlap } from './object-overlap.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

async function overlap(one: readonly string[], other: readonly string[]): Promise<boolean | undefined> {
  const { rows } = await test.admin.query<{ may: boolean }>(`select ${mayOverlap('$1::jsonb', '$2::jsonb')} as may`, [JSON.stringify(one), JSON.stringify(other)]);
  return rows[0]?.may;
}

describe('two lists of object keys', () => {
  it.each<[readonly string[], readonly string[], boolean]>([
    [[], [], false],
    [['A/x/a'], [], false],
    [['A/x/b', 'A/x/a'], ['A/x/a'], true],
    [['A/x/a'], ['A/x/ab', 'A/x/b'], false],
    [['A/x/a-${cluster.name}'], ['A/x/a-b'], true],
    [['A/x/a-${cluster.name}'], ['A/x/b-a'], false],
    [['A/x/a-${x}', 'A/x/${y}-b'], ['B/x/a', 'A/z/a-b'], false],
    [['A/x/a-${x}'], ['A/x/a-${y}-b'], true],
    [['A/x/a_${x}'], ['A/x/abc'], false],
    [['A/x/a%b'], ['A/x/a-b'], false],
    [['A/x/a\\_${x}'], ['A/x/a\\_c'], true],
    [['A/x/${unclosed'], ['A/x/anything'], false],
    [['A/x/${unclosed'], ['A/x/${unclosed'], true],
  ])('%j and %j: %s', async (one, other, may) => {
    expect(await overlap(one, other)).toBe(may);
    expect(await overlap(other, one)).toBe(may);
  });

  it('may each be long', async () => {
    const keys = (name: string): string[] => Array.from({ length: 10_000 }, (_, index) => `ConfigMap/shop/${name}-${index}`);
    expect(await overlap(keys('a'), [...keys('b'), 'ConfigMap/shop/c-${cluster.name}'])).toBe(false);
  });
});
