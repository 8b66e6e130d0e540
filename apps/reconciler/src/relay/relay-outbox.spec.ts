import { randomUUID } from 'node:crypto';
import type { OutboxRow } from '@meshfleet/store';
import { testFleet, withTestStore } from '@meshfleet/store';
import type { TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toJobs } from './outbox-events.ts';
import type { ReconcilerJob } from './outbox-events.ts';
import { createOutboxRelay } from './relay-outbox.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

const outbox = async () => (await test.admin.query('select from outbox')).rowCount;
const row = (id: number, organizationId: string, topic: string, payload: Record<string, unknown>): OutboxRow =>
  ({ id, organizationId, topic, payload, createdAt: new Date() }) as OutboxRow; // topics of other versions too

describe('the outbox relay', () => {
  it('makes one job of many changes of an organization, whatever the number of clusters', () => {
    const [one, two] = [randomUUID(), randomUUID()];
    const [p, c, d] = [randomUUID(), randomUUID(), randomUUID()];
    const { jobs } = toJobs([
      row(1, one, 'policy.changed', { policyId: p, version: 1, actor: 'user:a' }),
      row(2, one, 'cluster.changed', { clusterId: c, reason: 'ENROLLED', actor: 'agent:c' }),
      row(3, two, 'policy.changed', { policyId: p, version: 1, actor: 'user:b' }),
      row(4, one, 'policy.changed', { policyId: p, version: 2, actor: 'user:c' }),
      row(5, one, 'cluster.changed', { clusterId: d, reason: 'LABELS', actor: 'user:a' }),
      row(6, two, 'organization.resumed', {}),
    ]);
    expect(jobs).toEqual([
      { queue: 'policy', jobId: 'outbox-4', data: { organizationId: one, changes: [{ policyId: p, actor: 'user:c' }] } },
      {
        queue: 'cluster',
        jobId: 'outbox-5',
        data: { organizationId: one, changes: [{ clusterId: c, reason: 'ENROLLED', actor: 'agent:c' }, { clusterId: d, reason: 'LABELS', actor: 'user:a' }] },
      },
      { queue: 'policy', jobId: 'outbox-3', data: { organizationId: two, changes: [{ policyId: p, actor: 'user:b' }] } },
      { queue: 'maintenance', jobId: 'outbox-6', data: { task: 'RESUMED', organizationId: two } },
    ]);
  });

  it('sets aside what it cannot read, without holding up the rest', () => {
    const organizationId = randomUUID();
    const { jobs, unreadable } = toJobs([
      row(1, organizationId, 'policy.changed', { policyId: 'not an id' }),
      row(2, organizationId, 'rollout.changed', {}),
      row(4, organizationId, 'mesh.changed', {}),
      row(3, organizationId, 'policy.changed', { policyId: randomUUID(), version: null, actor: 'user:a' }),
    ]);
    expect(jobs).toHaveLength(1);
    expect(unreadable.map((each) => each.id).sort()).toEqual([1, 2, 4]);
  });

  it('keeps every row whose job could not be added', async () => {
    const fleet = testFleet(test, await test.createOrganization());
    await fleet.applyPolicy({ name: 'p', objects: {}, clusterSelector: '' });
    const refusing = createOutboxRelay({ store: test.store, hand: () => Promise.reject(new TypeError('the queue is away')) });
    await expect(refusing.drain()).rejects.toThrow('the queue is away');
    expect(await outbox()).toBe(1);
    const handed: ReconcilerJob[] = [];
    const relay = createOutboxRelay({ store: test.store, hand: async (jobs) => void handed.push(...jobs) });
    expect(await relay.drain()).toBe(1);
    expect(await outbox()).toBe(0);
    expect(handed).toHaveLength(1);
    expect(await relay.drain()).toBe(0);
  });

  it('hands on a change as soon as it is told, and gives each row to one of two relays', async () => {
    const fleet = testFleet(test, await test.createOrganization());
    const handed: string[] = [];
    let seen = (): void => undefined;
    const hand = async (jobs: readonly ReconcilerJob[]): Promise<void> => {
      for (const job of jobs) if (job.queue === 'policy') handed.push(...job.data.changes.map((change) => change.policyId));
      seen();
    };
    // No poll comes within this test: notices alone carry it.
    const relays = [1, 2].map(() => createOutboxRelay({ store: test.store, hand, pollMs: 3_600_000 }));
    await Promise.all(relays.map((relay) => relay.start()));
    const ids: string[] = [];
    for (let index = 0; index < 20; index += 1) ids.push(await fleet.applyPolicy({ name: `p${index}`, objects: {}, clusterSelector: '' }));
    while (handed.length < ids.length) await new Promise<void>((resolve) => { seen = resolve; });
    await Promise.all(relays.map((relay) => relay.stop()));
    expect(handed.sort()).toEqual(ids.sort());
    expect(await outbox()).toBe(0);
  });

  it('looks by itself when a notice gets lost, and goes on after a failure', async () => {
    const fleet = testFleet(test, await test.createOrganization());
    let failures = 0;
    let seen = (): void => undefined;
    const handed = new Promise<void>((resolve) => {
      seen = resolve;
    });
    const relay = createOutboxRelay({
      store: { ...test.store, listen: () => Promise.resolve(() => Promise.resolve()) },
      pollMs: 20,
      hand: async () => {
        if (failures === 0) throw new TypeError('once');
        seen();
      },
      onError: () => {
        failures += 1;
      },
    });
    await relay.start();
    await fleet.applyPolicy({ name: 'p', objects: {}, clusterSelector: '' });
    await handed;
    await relay.stop();
    expect(failures).toBe(1);
    expect(await outbox()).toBe(0);
  });
});
