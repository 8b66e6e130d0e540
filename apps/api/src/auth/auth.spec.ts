import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { startTestIssuer } from '../testing/test-issuer.ts';

const VIEWER = '{ viewer { identity name email } }';
let api: TestApi;
let owner: { id: string; slug: string; token: string };

beforeAll(async () => {
  api = await startTestApi();
  owner = await api.organization('ada', 'acme');
});
afterAll(() => api.close());

const codeOf = async (token: string): Promise<[number, unknown]> => {
  const { status, errors } = await api.query(token, VIEWER);
  return [status, errors[0]?.extensions['code']];
};

describe('tokens of the identity provider', () => {
  it.each(['RS256', 'ES256', 'EdDSA'] as const)('signed with %s let a person in', async (alg) => {
    const token = await api.issuer.sign({ sub: 'grace', name: 'Grace', email: 'grace@example.com' }, { alg });
    const { data } = await api.query<{ viewer: object }>(token, VIEWER);
    expect(data.viewer).toEqual({ identity: `${api.issuer.issuer}|grace`, name: 'Grace', email: 'grace@example.com' });
  });

  it('of another audience, another issuer, out of date or without a signature are refused', async () => {
    expect(await codeOf(await api.issuer.sign({}, { audience: 'somebody-else' }))).toEqual([401, 'UNAUTHENTICATED']);
    expect(await codeOf(await api.issuer.sign({}, { issuer: 'https://evil.example' }))).toEqual([401, 'UNAUTHENTICATED']);
    expect(await codeOf(await api.issuer.sign({}, { expiresIn: -120 }))).toEqual([401, 'TOKEN_EXPIRED']);
    const [, payload] = (await api.token('ada')).split('.');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    expect(await codeOf(unsigned)).toEqual([401, 'UNAUTHENTICATED']);
    expect(await codeOf('nonsense')).toEqual([401, 'UNAUTHENTICATED']);
  });

  it.each([
    ['an empty one', ''],
    ['one that no database holds', 'a\0b'],
    ['one longer than OpenID Connect allows', 'x'.repeat(256)],
  ])('that name no proper subject are refused: %s', async (_what, sub) => {
    expect(await codeOf(await api.issuer.sign({ sub }))).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('of a foreign key with the same key id are refused', async () => {
    const other = await startTestIssuer();
    const forged = await other.sign({ sub: 'ada' }, { issuer: api.issuer.issuer });
    await other.stop();
    expect(await codeOf(forged)).toEqual([401, 'UNAUTHENTICATED']);
  });
});

describe('the identity provider', () => {
  it('may rotate its keys: a token of the new key is taken without a restart', async () => {
    const rotating = await startTestApi();
    try {
      const before = await rotating.token('ada');
      expect((await rotating.query(before, VIEWER)).status).toBe(200);
      await rotating.issuer.rotate();
      // jose asks again at most every 5 seconds.
      await expect.poll(async () => (await rotating.query(await rotating.token('ada'), VIEWER)).status, { timeout: 10_000, interval: 500 }).toBe(200);
    } finally {
      await rotating.close();
    }
  });

  it('that is down makes for a clear 503, and for nothing once it is back', async () => {
    const lonely = await startTestApi();
    try {
      lonely.issuer.setDown(true);
      const token = await lonely.token('ada');
      const response = await supertest(lonely.url).post('/graphql').set('authorization', `Bearer ${token}`).send({ query: VIEWER });
      expect(response.status).toBe(503);
      expect(response.headers['retry-after']).toBeDefined();
      expect(JSON.stringify(response.body)).toContain('IDENTITY_PROVIDER_UNAVAILABLE');
      lonely.issuer.setDown(false);
      await expect.poll(async () => (await lonely.query(token, VIEWER)).status, { timeout: 10_000, interval: 300 }).toBe(200);
    } finally {
      await lonely.close();
    }
  });

  it('is found by discovery when only its name is configured', async () => {
    const { createOidcVerifier } = await import('./oidc-strategy.ts');
    const issuer = await startTestIssuer();
    const verify = createOidcVerifier({ issuer: issuer.issuer, audience: 'meshfleet-tests' });
    expect((await verify(await issuer.sign({ sub: 'ada' }))).identity).toBe(`${issuer.issuer}|ada`);
    await issuer.stop();
  });
});

describe('API tokens', () => {
  it('let programs in until they are revoked, at once and for good', async () => {
    const { data } = await api.query<{ apiTokenCreate: { apiToken: { id: string }; secret: string } }>(
      owner.token,
      'mutation { apiTokenCreate(input: {name: "ci", role: VIEWER}) { apiToken { id } secret } }',
    );
    const { secret, apiToken } = data.apiTokenCreate;
    const read = () => api.query<{ organization: { slug: string } }>(secret, '{ organization { slug } }');
    expect((await read()).data.organization.slug).toBe('acme');
    const { rows } = await api.db.admin.query<{ row: string; used: boolean }>('select t::text as row, last_used_at is not null as used from api_token t where name = $1', ['ci']);
    expect(rows[0]?.row).not.toContain(secret.slice(30));
    expect(rows[0]?.used).toBe(true);
    await api.query(owner.token, 'mutation ($id: ID!) { apiTokenRevoke(input: {id: $id}) { userErrors { code } } }', { id: apiToken.id });
    expect((await read()).errors[0]?.extensions['code']).toBe('TOKEN_INVALID');
  });

  it('that are made up, mangled or out of date are refused', async () => {
    expect(await codeOf(`mfa_${'A'.repeat(22)}_${'B'.repeat(43)}`)).toEqual([401, 'TOKEN_INVALID']);
    expect(await codeOf('mfa_short')).toEqual([401, 'TOKEN_INVALID']);
    const { data } = await api.query<{ apiTokenCreate: { secret: string } }>(owner.token, 'mutation { apiTokenCreate(input: {name: "old", role: VIEWER}) { secret } }');
    await api.db.admin.query(`update api_token set expires_at = now() - interval '1 second' where name = 'old'`);
    expect(await codeOf(data.apiTokenCreate.secret)).toEqual([401, 'TOKEN_EXPIRED']);
  });

  it('cannot be made to own an organization, nor to create one', async () => {
    const { data } = await api.query<{ a: { userErrors: { code: string }[] } }>(owner.token, 'mutation { a: apiTokenCreate(input: {name: "x", role: OWNER}) { userErrors { code field } } }');
    expect(data.a.userErrors).toEqual([{ code: 'INVALID_INPUT', field: ['input', 'role'] }]);
  });
});

describe('a browser session', () => {
  it('comes from the sign-in link as an HttpOnly cookie, and opens the explorer', async () => {
    const token = await api.token('ada');
    const response = await supertest(api.url).get(`/signin?token=${token}`);
    expect(response.status).toBe(303);
    expect(response.headers['location']).toBe('/graphiql');
    expect(response.headers['cache-control']).toBe('no-store');
    const cookie = String(response.headers['set-cookie']);
    expect(cookie).toMatch(/HttpOnly; SameSite=Lax; Max-Age=\d+/);
    const page = await supertest(api.url).get('/graphiql').set('cookie', cookie.split(';')[0] ?? '');
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
    expect(page.text).not.toMatch(/https?:\/\//);
  });

  it('is refused by GraphQL without the header that other sites cannot send', async () => {
    const cookie = `meshfleet_session=${await api.token('ada')}`;
    const bare = await supertest(api.url).post('/graphql').set('cookie', cookie).send({ query: VIEWER });
    expect(bare.status).toBe(403);
    const ours = await supertest(api.url).post('/graphql').set('cookie', cookie).set('meshfleet-request', '1').send({ query: VIEWER });
    expect(ours.status).toBe(200);
  });

  it('is never made from a bad token, nor from an API token', async () => {
    for (const token of ['nonsense', `mfa_${'A'.repeat(22)}_${'B'.repeat(43)}`]) {
      const response = await supertest(api.url).get(`/signin?token=${token}`);
      expect(response.status).toBe(401);
      expect(response.headers['set-cookie']).toBeUndefined();
    }
    expect((await supertest(api.url).get('/graphiql')).status).toBe(401);
  });
});

it('nobody reads anything without signing in, by whatever spelling of the path', async () => {
  for (const path of ['/graphql', '/%67raphql', '/graphql?query={viewer{identity}}', '/graphql/stream']) {
    const [get, post] = await Promise.all([supertest(api.url).get(path), supertest(api.url).post(path).send({ query: '{ __typename }' })]);
    expect([path, get.status, post.status]).toEqual([path, 401, 401]);
  }
});
