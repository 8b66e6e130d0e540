import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { queryCost } from './query-cost.ts';

const cost = (query: string, variables: Record<string, unknown> = {}): number => queryCost(parse(query), variables);

describe('the cost of a query', () => {
  it('grows with the pages, written or given, and with those around them', () => {
    expect(cost('{ organization { clusters(first: 20) { nodes { name } } } }')).toBe(1 + 1 + 20);
    expect(cost('query ($n: Int) { organization { clusters(first: $n) { nodes { name } } } }', { n: 20 })).toBe(22);
    expect(cost('query ($n: Int = 20) { organization { clusters(last: $n) { nodes { name } } } }')).toBe(22);
    expect(cost('{ organization { clusters(first: 10) { nodes { policies(first: 10) { nodes { status } } } } } }')).toBe(2 + 10 * (1 + 1 + 10));
  });

  it('counts what is there once per page once', () => {
    expect(cost('{ organization { clusters(first: 100) { totalCount pageInfo { hasNextPage } } } }')).toBe(2 + 5 + 1);
  });

  it('is that of the dearest operation, and of fragments wherever they are spread', () => {
    expect(cost('query A { viewer { identity } } query B { organization { ...F ...F } } fragment F on Organization { clusters(first: 5) { nodes { name } } }')).toBe(1 + 2 * (1 + 5));
    expect(cost('{ organization { clusters(first: 5) { ...P } } } fragment P on ClusterConnection { nodes { name } }')).toBe(2 + 5);
  });

  it('is found in an instant, however fragments multiply', () => {
    const chain = Array.from({ length: 60 }, (_, i) => `fragment F${i} on Query { a: organization { slug } ...F${i + 1} b: viewer { name } ...F${i + 1} }`).join(' ');
    expect(cost(`{ ...F0 } ${chain} fragment F60 on Query { viewer { name } }`)).toBeGreaterThan(2 ** 59);
  });

  it('ends for fragments that contain themselves, which validation refuses later', () => {
    expect(cost('{ ...F } fragment F on Query { viewer { name } ...F }')).toBe(1);
  });

  it('of what analyses many clusters is that of many clusters', () => {
    expect(cost('{ policyPreview { refusals { code } } }')).toBeGreaterThan(cost('{ policyPreview { clusters { nodes { findings { code } } } } }'));
  });
});
