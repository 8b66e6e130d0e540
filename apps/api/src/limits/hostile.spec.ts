import { isObjectType, type GraphQLSchema } from 'graphql';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let token: string;
let calls = 0;

beforeAll(async () => {
  api = await startTestApi();
  ({ token } = await api.organization('ada', 'acme'));
  const { schema } = (api.app.getHttpAdapter().getInstance() as unknown as { graphql: { schema: GraphQLSchema } }).graphql;
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const { resolve } = field;
      if (resolve === undefined) continue;
      field.resolve = (...args) => {
        calls += 1;
        return resolve(...args);
      };
    }
  }
});
afterAll(() => api.close());

/** Sends a query twice, as the second time may come from a cache, and expects that no resolver ran and no statement. */
async function refused(query: unknown, variables: object = {}): Promise<unknown> {
  calls = 0;
  api.statements.count = 0;
  let code: unknown;
  for (let round = 0; round < 2; round += 1) {
    const response = await supertest(api.url).post('/graphql').set('authorization', `Bearer ${token}`).send({ query, variables });
    const body = response.body as { data?: unknown; errors?: { message: string; extensions: Record<string, unknown> }[] };
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(body.data ?? null).toBeNull();
    expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts:|\.js:/);
    code = body.errors?.[0]?.extensions['code'];
  }
  expect({ calls, statements: api.statements.count }).toEqual({ calls: 0, statements: 0 });
  return code;
}

const deep = (levels: number): string => `{ organization { clusters(first: 1) { nodes ${'{ policies(first: 1) { nodes { policy { clusters(first: 1) { nodes { cluster '.repeat(levels)} { name } ${'} } } } } }'.repeat(levels)} } } }`;

describe('a hostile query reaches no resolver', () => {
  it.each([
    ['20,000 fields', `{ organization { ${'slug '.repeat(20_000)} } }`],
    ['20,000 different aliases', `{ organization { ${Array.from({ length: 20_000 }, (_, i) => `a${i}: slug`).join(' ')} } }`],
    ['41 aliases', `{ organization { ${Array.from({ length: 41 }, (_, i) => `a${i}: slug`).join(' ')} } }`],
    ['depth', deep(5)],
    ['directives', `{ organization { slug ${'@include(if: true) '.repeat(50)} } }`],
    ['pages in pages', '{ organization { clusters(first: 100) { nodes { policies(first: 100) { nodes { conditions { key } policy { name } } } } } } }'],
    ['a text of 200 kB', `{ viewer { identity } } # ${'x'.repeat(200_000)}`],
    ['fragments that multiply', `{ organization { ...F0 } } ${Array.from({ length: 20 }, (_, i) => `fragment F${i} on Organization { clusters(first: 2) { nodes { id } } ...F${i + 1} a${i}: clusters(first: 50) { nodes { id } } }`).join(' ')} fragment F20 on Organization { slug }`],
  ])('by %s', async (_name, query) => {
    expect(await refused(query)).toBe('LIMIT_EXCEEDED');
  });

  it('by page sizes in variables', async () => {
    const query = 'query ($n: Int!) { organization { clusters(first: $n) { nodes { policies(first: $n) { nodes { policy { name } } } } } } }';
    expect(await refused(query, { n: 100 })).toBe('LIMIT_EXCEEDED');
  });

  it.each([
    ['a syntax error', '{ organization { slug '],
    ['an unknown field', '{ organization { secrets } }'],
    ['a fragment in itself', '{ organization { ...F } } fragment F on Organization { ...F }'],
    ['brackets', '{'.repeat(100_000)],
    ['a nest of 1,500 levels', `${'{ a '.repeat(1_500)}${'} '.repeat(1_500)}`],
    ['nothing', ''],
    ['a document in JSON', JSON.stringify({ kind: 'Document', definitions: [] })],
    ['JSON of another kind', '[1, 2]'],
    ['a number', '17'],
    ['null', 'null'],
    ['a control character', '{ viewer { identity \u0000 } }'],
  ])('that is malformed: %s', async (_name, query) => {
    expect(['INVALID_INPUT', 'LIMIT_EXCEEDED']).toContain(await refused(query));
  });

  it('in a batch, in an object, or in a body that is no JSON', async () => {
    calls = 0;
    const post = () => supertest(api.url).post('/graphql').set('authorization', `Bearer ${token}`);
    expect((await post().send([{ query: '{ organization { slug } }' }])).status).toBe(400);
    expect((await post().send({ query: { kind: 'Document' } })).status).toBe(400);
    expect((await post().set('content-type', 'application/json').send('{"query": ')).status).toBe(400);
    expect((await post().send({ query: '{ viewer { identity } }', variables: { x: 'y'.repeat(9_000_000) } })).status).toBe(400);
    expect(calls).toBe(0);
  });

  it.each([
    ['in a variable', 'query ($n: String) { policy(name: $n) { id } }', { n: 'a\0b' }],
    ['in a list within an input', 'mutation ($i: JoinTokenCreateInput!) { joinTokenCreate(input: $i) { secret } }', { i: { name: 'x', labels: [{ key: 'a', value: '\0' }] } }],
    ['as half of a surrogate pair', 'query ($n: String) { policy(name: $n) { id } }', { n: '\ud800' }],
    ['in the query itself', '{ policy(name: "a\\u0000b") { id } }', {}],
  ])('by a character that no database holds: %s', async (_name, query, variables) => {
    expect(await refused(query, variables)).toBe('INVALID_INPUT');
  });

  it('by a mutation over GET', async () => {
    calls = 0;
    const response = await supertest(api.url).get('/graphql').set('authorization', `Bearer ${token}`).query({ query: 'mutation { organizationResume(input: {}) { userErrors { code } } }' });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(calls).toBe(0);
  });
});

it('the answer tells what the query cost and what is left', async () => {
  const first = await api.query(token, '{ organization { clusters(first: 20) { totalCount nodes { name labels { key } } } } }');
  const second = await api.query(token, '{ viewer { identity } }');
  const cost = first.extensions['cost'] as { points: number; limit: number; remaining: number };
  expect(cost.points).toBe(1 + 1 + 5 + 20 * 2);
  expect((second.extensions['cost'] as { remaining: number }).remaining).toBe(cost.remaining - 1);
});

it('of several operations in one text the one that is named runs, also when the text is compiled', async () => {
  const query = 'query A { viewer { identity } } query B { organization { slug } }';
  const run = (operationName: string) => supertest(api.url).post('/graphql').set('authorization', `Bearer ${token}`).send({ query, operationName });
  for (const name of ['A', 'A', 'A', 'B', 'B', 'A']) {
    const { body } = (await run(name)) as { body: { data: object } };
    expect(Object.keys(body.data)).toEqual([name === 'A' ? 'viewer' : 'organization']);
  }
});

it('an answer is kept by no cache, and taken for nothing but what it says it is', async () => {
  const { headers } = await supertest(api.url).post('/graphql').set('authorization', `Bearer ${token}`).send({ query: '{ viewer { identity } }' });
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
});

it('the process still answers after all of this', async () => {
  expect((await api.query(token, '{ viewer { identity } }')).status).toBe(200);
});

it('an identity that has spent its budget is told when to come back', async () => {
  const poor = await startTestApi({ budgetPerMinute: 1_000 });
  try {
    const { token: bearer } = await poor.organization('eve', 'poor');
    const query = '{ organization { clusters(first: 100) { nodes { name labels { key } } } } }';
    let last = await poor.query(bearer, query);
    for (let round = 0; round < 6; round += 1) last = await poor.query(bearer, query);
    expect(last.status).toBe(429);
    expect(last.errors[0]?.extensions['retryAfter']).toBeGreaterThan(0);
  } finally {
    await poor.close();
  }
});

it('a program spends the budget of its own organization, and not that of another’s which has a token of the same name', async () => {
  const poor = await startTestApi({ budgetPerMinute: 1_000 });
  try {
    const secrets: string[] = [];
    for (const [subject, slug] of [['eve', 'spends'], ['ada', 'saves']] as const) {
      const { token: bearer } = await poor.organization(subject, slug);
      const { data } = await poor.query<{ apiTokenCreate: { secret: string } }>(bearer, 'mutation { apiTokenCreate(input: {name: "ci", role: VIEWER}) { secret } }');
      secrets.push(data.apiTokenCreate.secret);
    }
    const [spends = '', saves = ''] = secrets;
    const query = '{ organization { clusters(first: 100) { nodes { name labels { key } } } } }';
    let last = await poor.query(spends, query);
    for (let round = 0; round < 6; round += 1) last = await poor.query(spends, query);
    expect(last.status).toBe(429);
    expect((await poor.query(saves, query)).status).toBe(200);
  } finally {
    await poor.close();
  }
});
