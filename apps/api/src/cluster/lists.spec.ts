import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matchesLabels, parseLabelSelector } from '@meshfleet/model';
import { insertCluster, populate } from '../testing/populate.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

interface Page {
  edges: { cursor: string; node: { name: string } }[];
  nodes: { name: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
  totalCount: number;
}

const CLUSTERS = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: ClusterFilter) { organization {
  clusters(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    edges { cursor node { name } } nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } } }`;

let api: TestApi;
let organization: { id: string; slug: string; token: string };
const names: string[] = [];
const labelsOf = new Map<string, Record<string, string>>();

beforeAll(async () => {
  api = await startTestApi();
  organization = await api.organization('ada', 'acme');
  for (let index = 0; index < 23; index += 1) {
    const name = `c${(index * 7) % 23}-x`;
    const labels = { env: index % 3 === 0 ? 'prod' : 'dev', tier: `t${index % 5}`, ...(index % 4 === 0 ? { legacy: 'yes' } : {}), cores: String(index) };
    await insertCluster(api, organization.id, name, labels, index === 22 ? 'QUARANTINED' : 'ACTIVE');
    labelsOf.set(name, { ...labels, 'meshfleet.io/name': name, 'meshfleet.io/region': name });
    names.push(name);
  }
  names.sort();
});
afterAll(() => api.close());

async function page(variables: object): Promise<Page> {
  const { data, errors } = await api.query<{ organization: { clusters: Page } }>(organization.token, CLUSTERS, variables);
  expect(errors).toEqual([]);
  return data.organization.clusters;
}

describe('pages of a list', () => {
  it('put together are the list, whatever their sizes, forwards and backwards', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }), fc.boolean(), async (sizes, backwards) => {
        const read: string[] = [];
        let cursor: string | null = null;
        for (let turn = 0; turn < 50; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          const got: Page = await page(backwards ? { last: size, before: cursor } : { first: size, after: cursor });
          expect(got.nodes).toEqual(got.edges.map((edge) => edge.node));
          expect(got.totalCount).toBe(names.length);
          const part = got.nodes.map((node) => node.name);
          if (backwards) read.unshift(...part);
          else read.push(...part);
          cursor = backwards ? got.pageInfo.startCursor : got.pageInfo.endCursor;
          if (!(backwards ? got.pageInfo.hasPreviousPage : got.pageInfo.hasNextPage)) break;
        }
        expect(read).toEqual(names);
      }),
      { numRuns: 12 },
    );
  });

  it('between two cursors hold what is between them', async () => {
    const all = await page({ first: 100 });
    const between = await page({ first: 100, after: all.edges[4]?.cursor, before: all.edges[9]?.cursor });
    expect(between.nodes.map((node) => node.name)).toEqual(names.slice(5, 9));
    const backwards = await page({ last: 2, after: all.edges[4]?.cursor, before: all.edges[9]?.cursor });
    expect(backwards.nodes.map((node) => node.name)).toEqual(names.slice(7, 9));
  });

  it.each([
    [{}, 'INVALID_INPUT', 'first'],
    [{ first: 101 }, 'LIMIT_EXCEEDED', 'first'],
    [{ last: 1000 }, 'LIMIT_EXCEEDED', 'last'],
    [{ first: -1 }, 'LIMIT_EXCEEDED', 'first'],
    [{ first: 1, last: 1 }, 'INVALID_INPUT', 'last'],
    [{ first: 1, after: 'nonsense' }, 'INVALID_INPUT', 'after'],
    [{ first: 1, after: Buffer.from('["a","b"]').toString('base64url') }, 'INVALID_INPUT', 'after'],
    [{ first: 1, after: Buffer.from('[17]').toString('base64url') }, 'INVALID_INPUT', 'after'],
  ])('%j are refused, naming the argument', async (variables, code, argument) => {
    const { errors } = await api.query(organization.token, CLUSTERS, variables);
    expect(errors[0]?.extensions).toMatchObject({ code, where: { field: [argument] } });
  });
});

describe('a filter', () => {
  it.each(['env=prod', 'env!=prod', 'tier in (t1,t2),env=dev', '!legacy', 'legacy', 'cores>10', 'cores<3', 'env notin (prod,dev)', 'meshfleet.io/name=c1-x', ''])(
    'by labels selects what Kubernetes would: %s',
    async (labels) => {
      const selector = parseLabelSelector(labels);
      const wanted = names.filter((name) => matchesLabels(selector, labelsOf.get(name) ?? {}));
      const got = await page({ first: 100, filter: { labels } });
      expect(got.nodes.map((node) => node.name)).toEqual(wanted);
      expect(got.totalCount).toBe(wanted.length);
    },
  );

  it('by status and text narrows the list and its count', async () => {
    expect((await page({ first: 100, filter: { status: ['QUARANTINED'] } })).totalCount).toBe(1);
    expect((await page({ first: 100, filter: { status: ['ONLINE', 'QUARANTINED'] } })).totalCount).toBe(23);
    expect((await page({ first: 100, filter: { text: 'C1-' } })).nodes).toEqual([{ name: 'c1-x' }]);
    expect((await page({ first: 100, filter: { text: '%' } })).nodes).toEqual([]);
  });

  it('that cannot be read says where', async () => {
    const { errors } = await api.query(organization.token, CLUSTERS, { first: 1, filter: { labels: 'env=' + '$' } });
    expect(errors[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', where: { field: ['filter', 'labels'], column: 5 } });
  });
});

describe('cost in statements', () => {
  const NESTED = `query ($n: Int!) { organization { clusters(first: $n) { totalCount nodes { name inSync desiredState { digest diff { changed { key } } causes { policyName } }
    desiredStates(first: 2) { nodes { revision } } policies(first: 3) { totalCount nodes { status conditions { key policy { name } cluster { name } } policy { name summary { applied } currentVersion { version } } } }
    conditions(first: 2) { totalCount nodes { key policy { name } } } inventory(first: 2, kind: "Service") { totalCount nodes { key } } } } } }`;

  it('is the same for a list of 2 and of 20, with everything nested that there is', async () => {
    await populate(api, organization, 'a-mark');
    const counts: number[] = [];
    for (const n of [2, 20]) {
      api.statements.count = 0;
      const { errors } = await api.query(organization.token, NESTED, { n });
      expect(errors).toEqual([]);
      counts.push(api.statements.count);
    }
    expect(counts[0]).toBe(counts[1]);
  });

  it('of a plain list is two: the role and the page', async () => {
    await api.query(organization.token, CLUSTERS.replace(' totalCount', ''), { first: 20 });
    api.statements.count = 0;
    await api.query(organization.token, CLUSTERS.replace(' totalCount', ''), { first: 20 });
    expect(api.statements.count).toBe(2);
  });
});
