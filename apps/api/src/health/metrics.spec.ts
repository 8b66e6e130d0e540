import { serveProbes, type Metrics, type ProbeServer } from '@meshfleet/telemetry';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { METRICS } from '../tokens.ts';

let api: TestApi;
let server: ProbeServer;
beforeAll(async () => {
  api = await startTestApi();
  server = await serveProbes({ port: 0, host: '127.0.0.1', metrics: api.app.get<Metrics>(METRICS), setting: 'METRICS_PORT' });
});
afterAll(async () => {
  await server.close();
  await api.close();
});

it('are not on the port that everybody reaches, whoever asks', async () => {
  const { token } = await api.organization('ada', 'acme');
  for (const headers of [{}, { authorization: `Bearer ${token}` }]) expect((await fetch(`${api.url}/metrics`, { headers })).status).toBe(404);
  expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
});

it('are on a port of their own, and nothing else is', async () => {
  const at = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${server.port}${path}`, init);
  const answer = await at('/metrics');
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('meshfleet_subscriptions')]);
  for (const path of ['/', '/graphql', '/healthz', '/agent/v1/poll']) expect((await at(path)).status).toBe(404);
  expect((await at('/metrics', { method: 'POST' })).status).toBe(405);
});

it('say what to do when their port is taken', async () => {
  await expect(serveProbes({ port: server.port, host: '127.0.0.1', metrics: api.app.get<Metrics>(METRICS), setting: 'METRICS_PORT' })).rejects.toMatchObject({ code: 'CONFIG_INVALID', fix: expect.stringContaining('METRICS_PORT') as string });
});
