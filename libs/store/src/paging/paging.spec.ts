import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Values } from '../connection/values.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { keyset, slice } from './keyset.ts';
import type { Order, Page, Position, Slice } from './keyset.ts';
import { countNested, readNestedPage } from './nested-page.ts';

interface Row {
  readonly a: string;
  readonly b: number;
}

let test: TestStore;
let organizationId: string;
beforeAll(async () => {
  test = await withTestStore();
  organizationId = await test.createOrganization();
});
afterAll(() => test.close());

const ORDER: Order = { columns: [{ sql: 'r.a', type: 'text' }, { sql: 'r.b', type: 'int' }] };
const positionOf = ({ a, b }: Row): Position => [a, b];
const sorted = (rows: readonly Row[]): Row[] => [...rows].sort((x, y) => (x.a < y.a ? -1 : x.a > y.a ? 1 : x.b - y.b));

/** Rows whose first column is often equal, so that only both columns together tell them apart. */
const someRows = fc.uniqueArray(fc.record({ a: fc.constantFrom('a', 'b', 'c'), b: fc.integer({ min: 0, max: 9 }) }), {
  selector: ({ a, b }) => `${a}${b}`,
  maxLength: 15,
});

function read(rows: readonly Row[], order: Order, page: Page): Promise<Slice<Row>> {
  return test.store.transaction(organizationId, async (tx) => {
    const values = new Values([rows.map(({ a }) => a), rows.map(({ b }) => b)]);
    const { conditions, tail } = keyset(order, page, values);
    const where = ['true', ...conditions].join(' and ');
    const found = await tx.query<Row>(`select r.a, r.b from unnest($1::text[], $2::int[]) as r (a, b) where ${where} ${tail}`, values.list);
    return slice(found.rows, page);
  });
}

/** Every page from one end to the other, as a client that follows the cursors reads them. */
async function walk(rows: readonly Row[], order: Order, limit: number, backwards: boolean): Promise<Row[][]> {
  const pages: Row[][] = [];
  for (let from: Position | undefined; ; ) {
    const page: Page = { limit, backwards, ...(from === undefined ? {} : backwards ? { before: from } : { after: from }) };
    const { rows: part, hasNext, hasPrevious } = await read(rows, order, page);
    expect(part.length).toBeLessThanOrEqual(limit);
    // The side that it came from has rows exactly when it came from a cursor.
    expect(backwards ? hasNext : hasPrevious).toBe(from !== undefined);
    if (backwards) pages.unshift(part);
    else pages.push(part);
    const edge = backwards ? part[0] : part.at(-1);
    if (!(backwards ? hasPrevious : hasNext) || edge === undefined) return pages;
    from = positionOf(edge);
  }
}

describe('pages of a list', () => {
  it('followed from either end show every row once and in order, whatever the size of a page', async () => {
    await fc.assert(
      fc.asyncProperty(someRows, fc.integer({ min: 1, max: 6 }), fc.boolean(), fc.boolean(), async (rows, limit, backwards, descending) => {
        const pages = await walk(rows, { ...ORDER, descending }, limit, backwards);
        const expected = descending ? sorted(rows).reverse() : sorted(rows);
        expect(pages.flat()).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('between two cursors leave out both', async () => {
    const rows = Array.from({ length: 6 }, (_, b) => ({ a: 'a', b }));
    const between = { limit: 10, after: ['a', 1], before: ['a', 4] };
    expect((await read(rows, ORDER, { ...between, backwards: false })).rows.map(({ b }) => b)).toEqual([2, 3]);
    expect((await read(rows, { ...ORDER, descending: true }, { limit: 10, backwards: false, after: ['a', 4], before: ['a', 1] })).rows.map(({ b }) => b)).toEqual([3, 2]);
  });

  it('start at a cursor whose row is gone', async () => {
    const rows = [{ a: 'a', b: 1 }, { a: 'a', b: 3 }];
    expect((await read(rows, ORDER, { limit: 1, backwards: false, after: ['a', 2] })).rows).toEqual([{ a: 'a', b: 3 }]);
  });
});

describe('pages of many parents’ lists', () => {
  const parents = [randomUUID(), randomUUID(), randomUUID()];

  it('are, read in one statement, what each parent alone would give', async () => {
    const children = fc.array(fc.record({ parent: fc.constantFrom(...parents.slice(0, 2)), b: fc.integer({ min: 0, max: 1000 }) }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(children, fc.integer({ min: 1, max: 5 }), fc.boolean(), async (list, limit, backwards) => {
        const given = [list.map(({ parent }) => parent), list.map(({ b }) => b)];
        const source = { from: 'unnest($1::uuid[], $2::int[]) with ordinality as r (parent, b, place)', parent: 'r.parent', conditions: ['r.b <> 500'] };
        const order: Order = { columns: [{ sql: 'r.b', type: 'int' }, { sql: 'r.place', type: 'bigint' }] };
        const page: Page = { limit, backwards };
        const slices = await test.store.transaction(organizationId, (tx) =>
          readNestedPage<{ b: number }>(tx, parents, { ...source, columns: 'r.b', order }, page, new Values(given)),
        );
        const counts = await test.store.transaction(organizationId, (tx) => countNested(tx, parents, source, new Values(given)));
        const expected = parents.map((parent) => list.filter((row) => row.parent === parent && row.b !== 500).map(({ b }) => b).sort((x, y) => x - y));
        expect(counts).toEqual(expected.map((all) => all.length));
        expect(slices.map(({ rows }) => rows.map(({ b }) => b))).toEqual(expected.map((all) => (backwards ? all.slice(-limit) : all.slice(0, limit))));
        expect(slices.map((one) => (backwards ? one.hasPrevious : one.hasNext))).toEqual(expected.map((all) => all.length > limit));
      }),
      { numRuns: 40 },
    );
  });
});
