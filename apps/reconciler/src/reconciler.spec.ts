import { createJobs } from '@meshfleet/jobs';
import type { WebhookAnswer } from '@meshfleet/planner';
import { testFleet, withTestStore } from '@meshfleet/store';
import type { TestFleet, TestStore } from '@meshfleet/store';
import { createLogger, createMetrics } from '@meshfleet/telemetry';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createReconciler } from './reconciler.ts';
import { runRollout } from './rollout/run-rollout.ts';
import type { WebhookCall } from './rollout/run-rollout.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

/** Rollouts whose cluster has the version, so that their next step asks what the strategy asks for. */
async function rolloutsThatAreGood(fleet: TestFleet, count: number, rollout: object): Promise<string[]> {
  const [cluster = ''] = await fleet.addClusters([{ name: 'a' }]);
  await fleet.seen(cluster);
  const policyIds: string[] = [];
  for (let index = 0; index < count; index += 1) policyIds.push(await fleet.applyPolicy({ name: `p${index}`, objects: { [`ConfigMap/shop/${index}`]: 'h' }, clusterSelector: '', rollout }));
  for (const policyId of policyIds) await runRollout({ store: test.store, now: () => new Date(), callWebhook: () => Promise.resolve(undefined) }, fleet.organizationId, (await fleet.rolloutOf(policyId)).id);
  await fleet.acknowledge(cluster);
  await test.admin.query(`update rollout set wake_at = null where organization_id = $1`, [fleet.organizationId]);
  return policyIds;
}

it('webhooks that do not answer hold up neither the sweep nor the steps of others, and an organization has two calls at a time', async () => {
  const slow = testFleet(test, await test.createOrganization());
  const other = testFleet(test, await test.createOrganization());
  const held = await rolloutsThatAreGood(slow, 3, { gates: { webhook: { url: 'https://slow.example/' } } });
  const [free = ''] = await rolloutsThatAreGood(other, 1, { gates: { webhook: { url: 'https://quick.example/' } } });
  const answers: (() => void)[] = [];
  const pass = ({ wave, attempt }: WebhookCall): WebhookAnswer => ({ wave, attempt, answer: 'PASS', evidence: 'fine' });
  const callWebhook = (call: WebhookCall): Promise<WebhookAnswer> =>
    call.organizationId === other.organizationId ? Promise.resolve(pass(call)) : new Promise((resolve) => answers.push(() => {
      resolve(pass(call));
    }));
  const jobs = await createJobs({ databaseUrl: test.url });
  const reconciler = createReconciler({ store: test.store, jobs, logger: createLogger('reconciler', { level: 'silent' }), metrics: createMetrics('reconciler'), retention: { keepRevisions: 50, keepDays: 30 }, concurrency: 1, callWebhook });
  const statuses = (): Promise<string[]> => Promise.all(held.map(async (id) => (await slow.rolloutOf(id)).status));
  await reconciler.start();
  try {
    await expect.poll(async () => (await other.rolloutOf(free)).status, { timeout: 15_000 }).toBe('SUCCEEDED');
    await expect.poll(async () => (await test.admin.query(`select from rollout where because like '%not called yet%'`)).rowCount, { timeout: 15_000 }).toBe(1);
    expect(answers).toHaveLength(2);
    expect(await statuses()).toEqual(['WAITING_GATE', 'WAITING_GATE', 'WAITING_GATE']);
    for (const answer of answers) answer();
    await expect.poll(async () => (await statuses()).filter((status) => status === 'SUCCEEDED').length, { timeout: 15_000 }).toBe(2);
  } finally {
    for (const answer of answers) answer();
    await reconciler.stop();
    await jobs.close();
  }
});

it('a sweep plans to look again when the next object ends, if that is before the next sweep', async () => {
  const [soon, later] = [testFleet(test, await test.createOrganization()), testFleet(test, await test.createOrganization())];
  const key = 'VirtualService.networking.istio.io/shop/ratings';
  for (const [fleet, end] of [[soon, 55_000], [later, 3_600_000]] as const) {
    await fleet.addClusters([{ name: 'a' }]);
    await fleet.applyPolicy({ name: 'fault', objects: { [key]: 'f' }, ends: { [key]: new Date(Date.now() + end).toISOString() }, clusterSelector: '' });
  }
  const jobs = await createJobs({ databaseUrl: test.url });
  const planned: { readonly jobId: string; readonly delay: number }[] = [];
  const watched: typeof jobs = {
    ...jobs,
    queue: (name) => {
      const queue = jobs.queue<never>(name); // jobs are passed on as they come
      const add = (jobId: string, data: never, delay = 0): Promise<void> => (planned.push({ jobId, delay }), queue.add(jobId, data, delay));
      return { ...queue, add };
    },
  };
  const reconciler = createReconciler({ store: test.store, jobs: watched, logger: createLogger('reconciler', { level: 'silent' }), metrics: createMetrics('reconciler'), retention: { keepRevisions: 50, keepDays: 30 }, callWebhook: (call) => Promise.resolve({ wave: call.wave, attempt: call.attempt, answer: 'PASS', evidence: '' }) });
  await reconciler.drain();
  await reconciler.stop();
  await jobs.close();
  const ends = planned.filter(({ jobId }) => jobId.startsWith('expire-'));
  expect(ends).toEqual([{ jobId: expect.stringContaining(soon.organizationId) as string, delay: expect.any(Number) as number }]);
  expect(ends[0]?.delay).toBeGreaterThan(0);
  expect(ends[0]?.delay).toBeLessThanOrEqual(55_000);
});
