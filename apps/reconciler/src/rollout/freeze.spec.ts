import { assignPolicy, commandRollout, endFreeze, insertFreeze, stepRollout, testFleet, withTestStore } from '@meshfleet/store';
import type { TestFleet, TestStore } from '@meshfleet/store';
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTick } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyClusterChanges } from '../events/apply-cluster-changes.ts';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';
import { sweepOrganization } from '../sweep/sweep-organization.ts';
import { runRollout } from './run-rollout.ts';

let test: TestStore;
let fleet: TestFleet;
let ids: string[];
let policyId: string;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  fleet = testFleet(test, await test.createOrganization());
  ids = await fleet.addClusters(['a', 'b', 'c'].map((name) => ({ name, labels: { env: name === 'c' ? 'dev' : 'prod', team: name } })));
  policyId = await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/shop/a': 'h1' }, clusterSelector: 'env=prod' });
  await applyPolicyChanges(test.store, { organizationId: fleet.organizationId, changes: [{ policyId, actor: 'user:a' }] });
  await sweepOrganization(test.store, fleet.organizationId);
  for (const id of ids) await fleet.acknowledge(id);
});

async function freeze(clusterSelector: string | null, seconds: number | null = null): Promise<string> {
  const id = randomUUID();
  await test.admin.query(`insert into rollout_freeze (id, organization_id, cluster_selector, reason, starts_at, ends_at, created_by) values ($1, $2, $3, 'audit', now() - interval '1 hour', now() + make_interval(secs => $4), 'user:a')`, [id, fleet.organizationId, clusterSelector, seconds]);
  return id;
}
const thaw = (id: string): Promise<boolean> => test.store.transaction(fleet.organizationId, (tx) => endFreeze(tx, id, { actor: 'user:a', at: new Date() }));
async function label(index: number, labels: Record<string, string>): Promise<void> {
  const clusterId = ids[index] ?? '';
  await fleet.changeCluster(clusterId, 'LABELS', { labels });
  await applyClusterChanges(test.store, { organizationId: fleet.organizationId, changes: [{ clusterId, reason: 'LABELS', actor: 'user:a' }] });
}
/** The hash of the policy's object that each cluster is asked to hold. */
const asked = (): Promise<(string | undefined)[]> => Promise.all(ids.map(async (id) => (await fleet.desiredOf(id)).state.entries[0]?.hash));
async function somebodyWaits(): Promise<boolean> {
  const { rowCount } = await test.admin.query(`select from pg_locks where locktype = 'advisory' and not granted`);
  return rowCount !== 0;
}
async function run(): Promise<string> {
  const { id } = await fleet.rolloutOf(policyId);
  await runRollout({ store: test.store, now: () => new Date(), callWebhook: () => Promise.reject(new TypeError('nobody is called')) }, fleet.organizationId, id);
  return (await fleet.rolloutOf(policyId)).status;
}
/** A version with this hash comes by a rollout, as far as that goes by itself. */
async function begin(hash: string, rollout: object = {}): Promise<void> {
  await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/shop/a': hash }, clusterSelector: 'env=prod', rollout: { failureGraceSeconds: 0, ...rollout } });
  await run();
}
/** The rollout is ended where it stands. */
async function abort(): Promise<string> {
  await test.store.transaction(fleet.organizationId, async (tx) => {
    await commandRollout(tx, (await fleet.rolloutOf(policyId)).id, { type: 'ABORT', rollback: false, reason: null }, { by: 'user:b', at: new Date(), holds: () => true });
  });
  return run();
}
const sweep = (): Promise<unknown> => sweepOrganization(test.store, fleet.organizationId);

describe('a frozen cluster', () => {
  it('keeps what it holds when its labels change, also over sweeps, and follows them when it is thawed', async () => {
    const id = await freeze('team in (a,c)');
    await label(0, { env: 'dev', team: 'a' });
    await label(2, { env: 'prod', team: 'c' });
    await sweep();
    expect(await asked()).toEqual(['h1', 'h1', undefined]);
    // One that is not frozen moves meanwhile.
    await label(1, { env: 'dev', team: 'b' });
    expect(await asked()).toEqual(['h1', undefined, undefined]);
    await thaw(id);
    const { rows } = await test.admin.query(`select payload->>'reason' as reason from outbox where organization_id = $1 and topic = 'cluster.changed' order by id desc limit 2`, [fleet.organizationId]);
    expect(rows).toEqual([{ reason: 'THAWED' }, { reason: 'THAWED' }]);
    await sweep();
    expect(await asked()).toEqual([undefined, undefined, 'h1']);
  });

  it('is thawed by the sweep when the time of the freeze is over, and not while another holds it', async () => {
    const short = await freeze(null, 3600);
    const long = await freeze('team=a');
    await label(0, { env: 'dev', team: 'a' });
    await test.admin.query(`update rollout_freeze set ends_at = now() - interval '1 second' where id = $1`, [short]);
    await sweep();
    expect(await asked()).toEqual(['h1', 'h1', undefined]);
    await thaw(long);
    await sweep();
    expect(await asked()).toEqual([undefined, 'h1', undefined]);
  });

  it('gets nothing at its enrolment, and all of it when it is thawed', async () => {
    const id = await freeze(null);
    const [d = ''] = await fleet.addClusters([{ name: 'd', labels: { env: 'prod' } }]);
    ids.push(d);
    await sweep();
    expect(await asked()).toEqual(['h1', 'h1', undefined, undefined]);
    await thaw(id);
    await sweep();
    expect(await asked()).toEqual(['h1', 'h1', undefined, 'h1']);
  });

  it('that a rollout has not planned for is not reached by its end', async () => {
    for (const id of ids) await fleet.seen(id);
    await begin('h2');
    await label(2, { env: 'prod', team: 'c' });
    expect(await asked()).toEqual(['h2', 'h2', 'h1']);
    const id = await freeze('team=c');
    for (const each of ids) await fleet.acknowledge(each);
    expect(await run()).toBe('SUCCEEDED');
    expect(await asked()).toEqual(['h2', 'h2', 'h1']);
    await thaw(id);
    await sweep();
    expect(await asked()).toEqual(['h2', 'h2', 'h2']);
  });

  it('that came just before a rollout gets what its placement gives it when it is thawed, also when that was ended where it stood', async () => {
    for (const id of ids) await fleet.seen(id);
    const id = await freeze('team=c');
    await label(2, { env: 'prod', team: 'c' });
    await begin('h2', { waves: [{ clusterSelector: 'team=a' }] });
    expect([await abort(), await asked()]).toEqual(['ABORTED', ['h2', 'h1', undefined]]);
    await thaw(id);
    await sweep();
    expect(await asked()).toEqual(['h2', 'h1', 'h1']);
  });

  it.each(['rolled back', 'good'])('that came just before a rollout which is %s gets what its placement gives it when it is thawed, also where clusters hold different versions', async (end) => {
    for (const id of ids) await fleet.seen(id);
    await begin('h2', { waves: [{ clusterSelector: 'team=a' }] });
    expect([await abort(), await asked()]).toEqual(['ABORTED', ['h2', 'h1', undefined]]);
    const id = await freeze('team=c');
    await label(2, { env: 'prod', team: 'c' });
    await begin('h3', { waves: [{ clusterSelector: 'team=a' }] });
    if (end === 'good') {
      for (const index of [0, 1]) {
        await fleet.acknowledge(ids[index] ?? '');
        await run();
      }
      expect([await run(), await asked()]).toEqual(['SUCCEEDED', ['h3', 'h3', undefined]]);
    } else {
      await fleet.acknowledge(ids[0] ?? '', [{ key: 'ConfigMap/shop/a', policyId }]);
      expect(await run()).toBe('ROLLING_BACK');
      await test.admin.query('delete from object_condition');
      await fleet.acknowledge(ids[0] ?? '');
      expect([await run(), await asked()]).toEqual(['ROLLED_BACK', ['h2', 'h1', undefined]]);
    }
    await thaw(id);
    await sweep();
    expect(await asked()).toEqual(end === 'good' ? ['h3', 'h3', 'h3'] : ['h2', 'h1', 'h1']);
  });

  it('is told of nothing any more when the freeze is acknowledged: a step that is under way ends before', async () => {
    for (const id of ids) await fleet.seen(id);
    await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/shop/a': 'h2' }, clusterSelector: 'env=prod', rollout: {} });
    const { id } = await fleet.rolloutOf(policyId);
    const order: string[] = [];
    let frozen: Promise<unknown> = Promise.resolve();
    await test.store.transaction(fleet.organizationId, async (tx) => {
      await stepRollout(tx, id, new Date());
      frozen = test.store
        .transaction(fleet.organizationId, (other) => {
          insertFreeze(other, { id: randomUUID(), clusterSelector: null, reason: 'audit', startsAt: new Date(0), endsAt: null, createdBy: 'user:a', createdAt: new Date() });
          return Promise.resolve();
        })
        .then(() => order.push('frozen'));
      while (order.length === 0 && !(await somebodyWaits())) await nextTick();
      order.push('told');
    });
    await frozen;
    expect(order).toEqual(['told', 'frozen']);
  });

  it('is reached by a change that was admitted in spite of the freeze', async () => {
    await freeze(null);
    await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/shop/a': 'h2' }, clusterSelector: 'env=prod', silent: true });
    await test.store.transaction(fleet.organizationId, (tx) => assignPolicy(tx, policyId));
    await sweep();
    expect(await asked()).toEqual(['h2', 'h2', undefined]);
  });

  it('is left alone where a place that another one gives up would fall to it', async () => {
    const some = await fleet.applyPolicy({ name: 'some', objects: { 'ConfigMap/shop/b': 'h' }, placement: { clusterSelector: 'env=prod', count: 1 } });
    await applyPolicyChanges(test.store, { organizationId: fleet.organizationId, changes: [{ policyId: some, actor: 'user:a' }] });
    const holders = async (): Promise<string[]> => (await fleet.policyClusters()).filter((row) => row.policyId === some && row.version !== null).map(({ clusterId }) => clusterId);
    const [holder = ''] = await holders();
    const other = ids.slice(0, 2).find((id) => id !== holder) ?? '';
    const id = await freeze(`team=${other === ids[0] ? 'a' : 'b'}`);
    await label(ids.indexOf(holder), { env: 'dev', team: holder === ids[0] ? 'a' : 'b' });
    expect(await holders()).toEqual([]);
    await thaw(id);
    await sweep();
    expect(await holders()).toEqual([other]);
  });
});
