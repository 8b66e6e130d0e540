import { createLogger } from '@meshfleet/telemetry';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let faulty = false;
beforeAll(async () => {
  const broken = createLogger('api-test', {
    level: 'error',
    destination: {
      write() {
        throw Object.assign(new Error('no space left on /var/log'), { code: 'ENOSPC' });
      },
    },
  });
  api = await startTestApi({}, (store) => ({ ...store, transaction: (...given) => (faulty ? Promise.reject(new Error('a fault that nobody foresaw')) : store.transaction(...given)) }), broken);
});
afterAll(async () => await api.close());

it('a fault on the way to the answer of another one is told like any, and shows nothing of the inside', async () => {
  const { token } = await api.organization('ada', 'acme');
  faulty = true;
  const response = await supertest(api.url).post('/graphql').set('authorization', `Bearer ${token}`).send({ query: '{ organization { clusters(first: 1) { nodes { name } } } }' });
  expect(response.status).toBe(500);
  expect(response.text).not.toMatch(/space|ENOSPC|foresaw/);
  expect(response.body).toMatchObject({ data: null, errors: [{ message: 'Something went wrong on our side', extensions: { code: 'INTERNAL', requestId: expect.any(String) as string } }] });
});
