import { afterAll, beforeAll, expect, it } from 'vitest';
import { inject, type HttpEvent } from './lambda.ts';
import { startTestApi, type TestApi } from './testing/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const event = (method: string, rawPath: string, rest: Partial<HttpEvent> = {}): HttpEvent => ({ rawPath, requestContext: { http: { method } }, ...rest });
const text = (body: string): string => Buffer.from(body, 'base64').toString();

it('an event of Lambda is answered as a request over HTTP is', async () => {
  const { token } = await api.organization('ada', 'acme');
  const body = Buffer.from(JSON.stringify({ query: '{ organization { slug } }' })).toString('base64');
  const answer = await inject(api.app, event('POST', '/graphql', { headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body, isBase64Encoded: true }));
  expect(answer.statusCode).toBe(200);
  expect(JSON.parse(text(answer.body))).toMatchObject({ data: { organization: { slug: 'acme' } } });
});

it('cookies come and go in their own field', async () => {
  const token = await api.token('ada');
  const signedIn = await inject(api.app, event('GET', '/signin', { rawQueryString: `token=${token}` }));
  expect(signedIn.statusCode).toBe(303);
  const [cookie = ''] = signedIn.cookies;
  expect((await inject(api.app, event('GET', '/graphiql', { cookies: [cookie.split(';')[0] ?? ''] }))).statusCode).toBe(200);
  expect((await inject(api.app, event('GET', '/graphiql'))).statusCode).toBe(401);
});

it('the probes answer without anybody signed in', async () => {
  for (const path of ['/healthz', '/readyz']) expect((await inject(api.app, event('GET', path))).statusCode).toBe(200);
  expect((await inject(api.app, event('GET', '/metrics'))).statusCode).toBe(404);
});
