import { strategySchema } from '@meshfleet/planner';
import { commandRollout, insertRollout, resumeOrganization, supersedeRollout, testFleet, withTestStore } from '@meshfleet/store';
import type { FleetRollout, TestFleet, TestStore } from '@meshfleet/store';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyClusterChanges } from '../events/apply-cluster-changes.ts';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';
import { sweepRollouts } from '../sweep/sweep-rollouts.ts';
import { createLook } from './look-at-clusters.ts';
import { runRollout } from './run-rollout.ts';
import type { RolloutParts, WebhookCall } from './run-rollout.ts';

let test: TestStore;
let fleet: TestFleet;
let parts: RolloutParts;
let ids: string[];
let calls: WebhookCall[];
let ahead = 0;
const one = { 'ConfigMap/shop/a': 'h1' };
const two = { 'ConfigMap/shop/a': 'h2' };
const NAMES = ['a', 'b', 'c', 'd'];

beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  fleet = testFleet(test, await test.createOrganization());
  ahead = 0;
  calls = [];
  parts = {
    store: test.store,
    now: () => new Date(Date.now() + ahead * 1000),
    callWebhook: (call) => {
      calls.push(call);
      return Promise.resolve({ wave: call.wave, attempt: call.attempt, answer: 'PASS', evidence: 'fine' });
    },
  };
  ids = await fleet.addClusters(NAMES.map((name) => ({ name, labels: { env: name === 'a' ? 'staging' : 'prod' } })));
  for (const id of ids) await fleet.seen(id);
});

/** Version 1 everywhere, then version 2 by a rollout. */
async function begin(rollout: object, objects: Record<string, string> = two, selector = ''): Promise<string> {
  const policyId = await fleet.applyPolicy({ name: 'p', objects: one, clusterSelector: '' });
  await applyPolicyChanges(test.store, { organizationId: fleet.organizationId, changes: [{ policyId, actor: 'user:a' }] });
  for (const id of ids) await fleet.acknowledge(id);
  await fleet.applyPolicy({ name: 'p', objects, clusterSelector: selector, rollout: { failureGraceSeconds: 0, ...rollout } });
  return policyId;
}
async function run(policyId: string): Promise<FleetRollout> {
  const { id } = await fleet.rolloutOf(policyId);
  await runRollout(parts, fleet.organizationId, id);
  return fleet.rolloutOf(policyId);
}
/** The hash of the object by cluster, as each is asked to hold it; undefined: it is not to be there. */
async function asked(): Promise<(string | undefined)[]> {
  return Promise.all(ids.map(async (id) => (await fleet.desiredOf(id)).state.entries[0]?.hash));
}
const versions = async (): Promise<Record<string, number | null>> => Object.fromEntries((await fleet.policyClusters()).map((row) => [NAMES[ids.indexOf(row.clusterId)], row.version]));

const virtualService = (name: string, host: string): [string, string] => [`VirtualService.networking.istio.io/shop/${name}`, JSON.stringify({ apiVersion: 'networking.istio.io/v1', spec: { hosts: [name], http: [{ route: [{ destination: { host } }] }] } })];
/** The next inventory of the first cluster has these besides; `shows` that it was taken after the last acknowledgement. */
async function report(objects: readonly [string, string][], shows = false): Promise<void> {
  for (const [key, body] of objects) {
    await test.admin.query(`insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) values ($1, $2, $3, 'VirtualService', 'shop', $3, $4)`, [fleet.organizationId, ids[0], key, body]);
  }
  await test.admin.query(`update cluster set inventory_seq = inventory_seq + 1, inventoried_revision = case when $2 then acked_revision else inventoried_revision end where id = $1`, [ids[0], shows]);
}

describe('a rollout of a policy', () => {
  it('reaches nobody before the engine says so, then wave by wave, and becomes the stable version', async () => {
    const policyId = await begin({ waves: [{ name: 'canary', clusterSelector: 'env=staging' }] });
    await applyPolicyChanges(test.store, { organizationId: fleet.organizationId, changes: [{ policyId, actor: 'user:a' }] });
    expect(await asked()).toEqual(['h1', 'h1', 'h1', 'h1']);
    expect(await run(policyId)).toMatchObject({ status: 'RUNNING', phases: { a: 'UPDATING', b: 'PENDING' } });
    expect(await asked()).toEqual(['h2', 'h1', 'h1', 'h1']);
    await fleet.acknowledge(ids[0] ?? '');
    expect(await run(policyId)).toMatchObject({ status: 'RUNNING', phases: { a: 'UPDATED', b: 'UPDATING', d: 'UPDATING' } });
    for (const id of ids) await fleet.acknowledge(id);
    const ended = await run(policyId);
    expect(ended).toMatchObject({ status: 'SUCCEEDED', wakeAt: null, events: ['PLANNED', 'WAVE_OPENED', 'WAVE_DONE', 'WAVE_OPENED', 'WAVE_DONE', 'SUCCEEDED'] });
    const { rows } = await test.admin.query('select stable_version, rollout_id, placed from policy where id = $1', [policyId]);
    expect(rows).toEqual([{ stable_version: 2, rollout_id: null, placed: true }]);
  });

  it('written nothing when nothing has happened', async () => {
    const policyId = await begin({ waves: [{ count: 1 }] });
    const { rowVersion } = await run(policyId);
    expect((await run(policyId)).rowVersion).toBe(rowVersion);
  });

  it('of a new policy withdraws it again when it fails', async () => {
    const policyId = await fleet.applyPolicy({ name: 'new', objects: one, clusterSelector: '', rollout: { waves: [{ count: 2 }], failureGraceSeconds: 0 } });
    await run(policyId);
    expect(await versions()).toEqual({ a: 1, b: 1 });
    await fleet.acknowledge(ids[0] ?? '', [{ key: 'ConfigMap/shop/a', policyId }]);
    expect(await run(policyId)).toMatchObject({ status: 'ROLLING_BACK' });
    expect(await versions()).toEqual({ a: null, b: null });
    await test.admin.query('delete from object_condition');
    for (const id of ids) await fleet.acknowledge(id);
    expect(await run(policyId)).toMatchObject({ status: 'ROLLED_BACK' });
    expect(await versions()).toEqual({});
  });

  it('that withdraws is noted in each cluster as the wish of whoever asked for it', async () => {
    const policyId = await fleet.applyPolicy({ name: 'old', objects: one, clusterSelector: '' });
    await applyPolicyChanges(test.store, { organizationId: fleet.organizationId, changes: [{ policyId, actor: 'user:a' }] });
    for (const id of ids) await fleet.acknowledge(id);
    const id = randomUUID();
    await test.store.transaction(fleet.organizationId, (tx) => insertRollout(tx, { id, policyId, version: null, strategy: strategySchema.parse({ waves: [{ count: 1 }] }), createdBy: 'user:b', at: new Date() }));
    await runRollout(parts, fleet.organizationId, id);
    expect((await fleet.desiredOf(ids[0] ?? '')).cause).toMatchObject([{ action: 'WITHDRAWN', policyId, actor: 'user:b' }]);
  });

  it('fails in the first wave: it alone was touched, and holds exactly what it held', async () => {
    const policyId = await begin({ waves: [{ count: 1 }] });
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '', [{ key: 'ConfigMap/shop/a', policyId, reason: 'Conflict' }]);
    expect(await run(policyId)).toMatchObject({ status: 'ROLLING_BACK', because: '1 cluster failed (a), and no failure is forgiven. a: ConfigMap/shop/a: Conflict' });
    expect(await asked()).toEqual(['h1', 'h1', 'h1', 'h1']);
    await test.admin.query('delete from object_condition');
    await fleet.acknowledge(ids[0] ?? '');
    expect(await run(policyId)).toMatchObject({ status: 'ROLLED_BACK', phases: { a: 'ROLLED_BACK', b: 'PENDING' } });
    expect(await versions()).toEqual({ a: 1, b: 1, c: 1, d: 1 });
    const { rows } = await test.admin.query('select stable_version, current_version, rollout_id from policy where id = $1', [policyId]);
    expect(rows).toEqual([{ stable_version: 1, current_version: 2, rollout_id: null }]);
  });

  it('takes the policy out of clusters that the new placement leaves, in their wave', async () => {
    const policyId = await begin({ waves: [{ name: 'first', clusterSelector: 'env=staging' }] }, two, 'env=prod');
    await run(policyId);
    expect(await asked()).toEqual([undefined, 'h1', 'h1', 'h1']);
    await fleet.acknowledge(ids[0] ?? '');
    await run(policyId);
    for (const id of ids) await fleet.acknowledge(id);
    expect(await run(policyId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await asked()).toEqual([undefined, 'h2', 'h2', 'h2']);
  });

  it('goes on by itself when a version changes nothing in a cluster, since nobody reports that', async () => {
    const policyId = await begin({ waves: [{ count: 1 }, { count: 1 }] }, one);
    expect(await run(policyId)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('keeps its word when labels change, clusters come and placements are made anew meanwhile', async () => {
    const policyId = await begin({ waves: [{ count: 1 }] });
    await run(policyId);
    const [e = ''] = await fleet.addClusters([{ name: 'e' }]);
    for (const clusterId of [...ids, e]) await fleet.changeCluster(clusterId, 'LABELS', { labels: { x: 'y' } });
    await applyClusterChanges(test.store, { organizationId: fleet.organizationId, changes: [...ids, e].map((clusterId) => ({ clusterId, reason: 'LABELS' as const, actor: 'user:a' })) });
    await applyPolicyChanges(test.store, { organizationId: fleet.organizationId, changes: [{ policyId, actor: 'user:a' }] });
    expect(await asked()).toEqual(['h2', 'h1', 'h1', 'h1']);
    expect((await fleet.desiredOf(e)).state.entries[0]?.hash).toBe('h1');
    for (const id of ids) await fleet.acknowledge(id);
    await run(policyId);
    for (const id of ids) await fleet.acknowledge(id);
    expect(await run(policyId)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await fleet.desiredOf(e)).state.entries[0]?.hash).toBe('h2');
  });

  it('does not bring back what an aborted one has taken away, before it says so itself', async () => {
    const policyId = await begin({ waves: [{ clusterSelector: 'env=staging' }] }, two, 'env=prod');
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '');
    await test.store.transaction(fleet.organizationId, async (tx) => {
      await commandRollout(tx, (await fleet.rolloutOf(policyId)).id, { type: 'ABORT', rollback: false, reason: null }, { by: 'user:b', at: new Date(), holds: () => true });
    });
    expect((await run(policyId)).status).toBe('ABORTED');
    const before = await asked();
    expect(before[0]).toBeUndefined();
    // The next one wants nothing in staging either, and waits for somebody.
    await fleet.applyPolicy({ name: 'p', objects: two, clusterSelector: 'env=prod', rollout: { gates: { approval: {} } } });
    expect((await run(policyId)).status).toBe('WAITING_APPROVAL');
    await fleet.changeCluster(ids[0] ?? '', 'LABELS', { labels: { env: 'staging', x: 'y' } });
    await applyClusterChanges(test.store, { organizationId: fleet.organizationId, changes: [{ clusterId: ids[0] ?? '', reason: 'LABELS', actor: 'user:a' }] });
    expect(await asked()).toEqual(before);
  });

  it('leaves clusters with nothing that an aborted withdrawal had left with nothing, when it is rolled back', async () => {
    const policyId = await begin({});
    await run(policyId);
    for (const id of ids) await fleet.acknowledge(id);
    expect((await run(policyId)).status).toBe('SUCCEEDED');
    // Between the one before and the one after.
    const withdrawal = (await fleet.rolloutOf(policyId)).id.replace(/[0-9a-f]{12}$/, 'ffffffffffff');
    await test.store.transaction(fleet.organizationId, (tx) => insertRollout(tx, { id: withdrawal, policyId, version: null, strategy: strategySchema.parse({ waves: [{ count: 1 }] }), createdBy: 'user:d', at: new Date() }));
    await run(policyId);
    await test.store.transaction(fleet.organizationId, async (tx) => {
      await commandRollout(tx, withdrawal, { type: 'ABORT', rollback: false, reason: null }, { by: 'user:b', at: new Date(), holds: () => true });
    });
    expect((await run(policyId)).status).toBe('ABORTED');
    const before = await asked();
    expect(before.filter((hash) => hash === undefined)).toHaveLength(1);
    await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/shop/a': 'h3' }, clusterSelector: '', rollout: { failureGraceSeconds: 0, waves: [{ clusterSelector: 'env=staging' }] } });
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '', [{ key: 'ConfigMap/shop/a', policyId }]);
    expect((await run(policyId)).status).toBe('ROLLING_BACK');
    await test.admin.query('delete from object_condition');
    await fleet.acknowledge(ids[0] ?? '');
    expect((await run(policyId)).status).toBe('ROLLED_BACK');
    expect(await asked()).toEqual(before);
  });

  it('does not wait for a cluster that was evicted', async () => {
    const policyId = await begin({ waves: [{ count: 2 }] });
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '');
    await fleet.changeCluster(ids[1] ?? '', 'EVICTED', { lifecycle: 'EVICTED' });
    await applyClusterChanges(test.store, { organizationId: fleet.organizationId, changes: [{ clusterId: ids[1] ?? '', reason: 'EVICTED', actor: 'user:a' }] });
    const { rows } = await test.admin.query<{ topic: string }>(`select topic from outbox where organization_id = $1 order by id desc limit 1`, [fleet.organizationId]);
    expect(rows[0]?.topic).toBe('rollout.changed');
    expect((await run(policyId)).phases).toEqual({ a: 'UPDATED', b: 'GONE', c: 'UPDATING', d: 'UPDATING' });
  });

  it('gives a cluster that left the fleet meanwhile what it held, when it comes back after the rollback', async () => {
    const move = async (lifecycle: string): Promise<void> => {
      await fleet.changeCluster(ids[1] ?? '', 'EVICTED', { lifecycle });
      await applyClusterChanges(test.store, { organizationId: fleet.organizationId, changes: [{ clusterId: ids[1] ?? '', reason: 'EVICTED', actor: 'user:a' }] });
    };
    // Half of the clusters hold what an aborted rollout has left them.
    const policyId = await begin({ waves: [{ count: 2 }] });
    await run(policyId);
    for (const id of ids) await fleet.acknowledge(id);
    await test.store.transaction(fleet.organizationId, async (tx) => {
      await commandRollout(tx, (await fleet.rolloutOf(policyId)).id, { type: 'ABORT', rollback: false, reason: null }, { by: 'user:b', at: new Date(), holds: () => true });
    });
    await run(policyId);
    await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/shop/a': 'h3' }, clusterSelector: '', rollout: { waves: [{ count: 2 }], failureGraceSeconds: 0 } });
    await run(policyId);
    await move('EVICTED');
    expect(await run(policyId)).toMatchObject({ status: 'RUNNING', phases: { a: 'UPDATING', b: 'GONE' } });
    await fleet.acknowledge(ids[0] ?? '', [{ key: 'ConfigMap/shop/a', policyId }]);
    expect(await run(policyId)).toMatchObject({ status: 'ROLLING_BACK', phases: { a: 'ROLLING_BACK', b: 'GONE', c: 'PENDING' } });
    await test.admin.query('delete from object_condition');
    await fleet.acknowledge(ids[0] ?? '');
    expect((await run(policyId)).status).toBe('ROLLED_BACK');
    await move('ACTIVE');
    expect(await asked()).toEqual(['h2', 'h2', 'h1', 'h1']);
  });

  it.each(['in the first wave', 'in a later one'])('gives a cluster that came just before it, %s, what the placement gave it, where clusters hold different versions', async (wave) => {
    const policyId = await begin({ waves: [{ count: 2 }] });
    await run(policyId);
    for (const id of ids) await fleet.acknowledge(id);
    await test.store.transaction(fleet.organizationId, async (tx) => {
      await commandRollout(tx, (await fleet.rolloutOf(policyId)).id, { type: 'ABORT', rollback: false, reason: null }, { by: 'user:b', at: new Date(), holds: () => true });
    });
    await run(policyId);
    // It has enrolled, and nobody has looked yet which policies it gets.
    const [newcomer = ''] = await fleet.addClusters([{ name: 'e', labels: { env: 'new' } }]);
    await fleet.seen(newcomer);
    const first = wave === 'in the first wave' ? 'env=new' : 'env=staging';
    await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/shop/a': 'h3' }, clusterSelector: '', rollout: { waves: [{ clusterSelector: first }], failureGraceSeconds: 0 } });
    await run(policyId);
    const failing = wave === 'in the first wave' ? newcomer : (ids[0] ?? '');
    await fleet.acknowledge(failing, [{ key: 'ConfigMap/shop/a', policyId }]);
    expect((await run(policyId)).status).toBe('ROLLING_BACK');
    await test.admin.query('delete from object_condition');
    await fleet.acknowledge(failing);
    expect((await run(policyId)).status).toBe('ROLLED_BACK');
    await applyClusterChanges(test.store, { organizationId: fleet.organizationId, changes: [{ clusterId: newcomer, reason: 'ENROLLED', actor: 'user:a' }] });
    expect([await asked(), (await fleet.desiredOf(newcomer)).state.entries[0]?.hash]).toEqual([['h2', 'h2', 'h1', 'h1'], 'h1']);
  });

  it('does not wait for a cluster that is away, and gives it the version when it is back', async () => {
    const policyId = await begin({ waves: [{ count: 2 }] });
    await fleet.seen(ids[3] ?? '', 1000);
    await run(policyId);
    for (const id of ids.slice(0, 2)) await fleet.acknowledge(id);
    await run(policyId);
    await fleet.acknowledge(ids[2] ?? '');
    expect(await run(policyId)).toMatchObject({ status: 'SUCCEEDED', phases: { d: 'UPDATING' } });
    expect(await asked()).toEqual(['h2', 'h2', 'h2', 'h2']);
  });

  it.each([3600, -3600])('takes no cluster for away, nor for there, because its own clock is %d s ahead of the database’s', async (seconds) => {
    ahead = seconds;
    const policyId = await begin({ waves: [{ count: 1 }] });
    await run(policyId);
    expect(await run(policyId)).toMatchObject({ status: 'RUNNING', phases: { a: 'UPDATING' } });
    await fleet.seen(ids[0] ?? '', 100);
    expect(await run(policyId)).toMatchObject({ status: 'WAITING_GATE', because: expect.stringContaining('a away') as string });
  });

  it('calls its webhook outside of the transaction, and takes the answer', async () => {
    const policyId = await begin({ waves: [{ name: 'canary', count: 1, gates: { webhook: { url: 'https://gate.example/' } } }] });
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '');
    expect((await run(policyId)).events).toContain('WEBHOOK_ANSWERED');
    expect(calls).toMatchObject([{ policy: 'p', version: 2, waveName: 'canary', attempt: 1, url: 'https://gate.example/' }]);
    expect(await asked()).toEqual(['h2', 'h2', 'h2', 'h2']);
  });

  it('stops at an error that the analysis did not find before, and not at those that were there', async () => {
    await report([virtualService('old', 'gone')]);
    const policyId = await begin({ waves: [{ count: 1 }], soakSeconds: 60, gates: { findings: true } });
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '');
    expect(await run(policyId)).toMatchObject({ status: 'SOAKING' });
    await report([virtualService('new', 'nowhere')]);
    const stopped = await run(policyId);
    expect(stopped.status).toBe('ROLLING_BACK');
    expect(stopped.because).toContain('the analysis finds a new error: IST0101 VirtualService.networking.istio.io/shop/new');
  });

  it('is analysed while the rest of the organization goes on: no lock is held', async () => {
    const look = createLook(parts);
    let looked = 0;
    parts = {
      ...parts,
      look: async (organizationId, clusterIds, now) => {
        const looks = await look(organizationId, clusterIds, now);
        // Placements, the policy and the rollout are what a step locks. Whoever waits for one of them waits in vain.
        await test.store.transaction(organizationId, async (tx) => {
          const { rows } = await tx.query<{ free: boolean }>(`select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as free`, [`placement/${organizationId}`]);
          expect(rows).toEqual([{ free: true }]);
          await tx.query('select from policy where organization_id = $1 for update nowait', [organizationId]);
          await tx.query('select from rollout where organization_id = $1 for update nowait', [organizationId]);
        });
        looked += clusterIds.length;
        return looks;
      },
    };
    const policyId = await begin({ waves: [{ count: 2 }], gates: { findings: true } });
    // Before they are told, and since: what the first wave has, and then the second.
    await run(policyId);
    expect(looked).toBe(4);
    for (const id of ids) await fleet.acknowledge(id);
    await run(policyId);
    expect(looked).toBe(8);
  });

  it('is judged by the inventory that was looked at, not by one that came meanwhile', async () => {
    await test.admin.query(`update cluster set facts = '{"features": ["INVENTORY_AS_OF"]}' where organization_id = $1`, [fleet.organizationId]);
    const policyId = await begin({ waves: [{ count: 1 }, { count: 1 }], gates: { findings: true } });
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '');
    // The one that is looked at is older than the acknowledgement, and shows no error.
    await report([]);
    const look = createLook(parts);
    let meanwhile: (() => Promise<void>) | undefined = () => report([virtualService('new', 'nowhere')], true);
    parts = {
      ...parts,
      look: async (...asked) => {
        const looks = await look(...asked);
        await meanwhile?.();
        meanwhile = undefined;
        return looks;
      },
    };
    expect(await run(policyId)).toMatchObject({ status: 'RUNNING', phases: { a: 'UPDATING' } });
    expect((await run(policyId)).because).toContain('IST0101 VirtualService.networking.istio.io/shop/new');
    expect(await versions()).toMatchObject({ b: 1, c: 1, d: 1 });
  });

  it('does not stop at an error of an object that was too large to be looked at before', async () => {
    const [key, body] = virtualService('large', 'nowhere');
    await report([[key, JSON.stringify({ apiVersion: 'networking.istio.io/v1', hash: 'h' })]]);
    const policyId = await begin({ waves: [{ count: 1 }, { count: 1 }], gates: { findings: true } });
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '');
    await test.admin.query('update inventory_item set body = $2 where cluster_id = $1 and object_key = $3', [ids[0], body, key]);
    await report([]);
    expect(await run(policyId)).toMatchObject({ status: 'RUNNING', phases: { a: 'UPDATED' } });
  });

  it('stops where the analysis has no answer, and says why', async () => {
    parts = { ...parts, look: (_organizationId, clusterIds) => Promise.resolve(new Map(clusterIds.map((id) => [id, { seq: 0, shows: 0, errors: [], unread: [], unknown: 'it has more than 100,000 objects' }]))) };
    const policyId = await begin({ waves: [{ count: 1 }], gates: { findings: true } });
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '');
    expect((await run(policyId)).because).toContain('whether there is a new error is not known: before it was told, it has more than 100,000 objects');
  });

  it('that is aborted goes back without an analysis', async () => {
    const policyId = await begin({ waves: [{ count: 1 }], gates: { findings: true } });
    await run(policyId);
    await report([]);
    await test.store.transaction(fleet.organizationId, async (tx) => {
      await commandRollout(tx, (await fleet.rolloutOf(policyId)).id, { type: 'ABORT', rollback: true, reason: null }, { by: 'user:b', at: new Date(), holds: () => true });
    });
    parts = { ...parts, look: () => Promise.reject(new TypeError('nobody is looked at')) };
    expect(await run(policyId)).toMatchObject({ status: 'ROLLING_BACK' });
    expect(await asked()).toEqual(['h1', 'h1', 'h1', 'h1']);
  });

  it('waits for an inventory that shows what came of the version, and needs no soak to see the error in it', async () => {
    await test.admin.query(`update cluster set facts = '{"features": ["INVENTORY_AS_OF"]}' where organization_id = $1`, [fleet.organizationId]);
    const policyId = await begin({ waves: [{ count: 1 }, { count: 1 }], gates: { findings: true } });
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '');
    expect(await run(policyId)).toMatchObject({ status: 'RUNNING', phases: { a: 'UPDATING', b: 'PENDING' } });
    const inventoried = async (id: string | undefined): Promise<void> => {
      await test.admin.query(`update cluster set inventoried_revision = acked_revision, inventory_seq = inventory_seq + 1 where id = $1`, [id]);
    };
    await inventoried(ids[0]);
    expect(await run(policyId)).toMatchObject({ phases: { a: 'UPDATED', b: 'UPDATING' } });
    await fleet.acknowledge(ids[1] ?? '');
    const broken = { apiVersion: 'networking.istio.io/v1', spec: { hosts: ['new'], http: [{ route: [{ destination: { host: 'nowhere' } }] }] } };
    await test.admin.query(`insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) values ($1, $2, 'VirtualService.networking.istio.io/shop/new', 'VirtualService', 'shop', 'new', $3)`, [fleet.organizationId, ids[1], JSON.stringify(broken)]);
    await inventoried(ids[1]);
    expect((await run(policyId)).because).toContain('IST0101 VirtualService.networking.istio.io/shop/new');
    expect(await versions()).toMatchObject({ c: 1, d: 1 });
  });

  it('fails a cluster that answers and never says what it holds since, when its time is over', async () => {
    await test.admin.query(`update cluster set facts = '{"features": ["INVENTORY_AS_OF"]}' where organization_id = $1`, [fleet.organizationId]);
    const policyId = await begin({ waves: [{ count: 1 }], gates: { findings: true }, progressDeadlineSeconds: 60 });
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '');
    await run(policyId);
    ahead = 61;
    expect((await run(policyId)).because).toContain('it has answered, and has not told what it holds since for 60 s');
  });

  it('stops where an object’s own status says that it does not work, when it has had its time', async () => {
    const policyId = await begin({ waves: [{ count: 1 }], gates: { healthy: true }, progressDeadlineSeconds: 60 });
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '');
    await test.admin.query(
      `insert into object_condition (organization_id, cluster_id, policy_id, object_key, status, reason, message, revision, observed_at) values ($1, $2, $3, 'ConfigMap/shop/a', 'UNHEALTHY', 'NotProgrammed', 'no address', 1, now())`,
      [fleet.organizationId, ids[0], policyId],
    );
    expect(await run(policyId)).toMatchObject({ status: 'RUNNING' });
    ahead = 61;
    expect((await run(policyId)).because).toContain('not healthy: ConfigMap/shop/a: NotProgrammed, no address');
  });

  it('does not move while the organization only observes after a restore, and gives clusters their time anew', async () => {
    const policyId = await begin({ waves: [{ count: 1 }], progressDeadlineSeconds: 60 });
    await run(policyId);
    await test.admin.query(`update organization set mode = 'OBSERVE' where id = $1`, [fleet.organizationId]);
    ahead = 600;
    expect(await run(policyId)).toMatchObject({ status: 'RUNNING', phases: { a: 'UPDATING' } });
    await test.store.transaction(fleet.organizationId, (tx) => resumeOrganization(tx));
    expect(await run(policyId)).toMatchObject({ status: 'RUNNING', phases: { a: 'UPDATING' } });
    await fleet.acknowledge(ids[0] ?? '');
    expect(await run(policyId)).toMatchObject({ phases: { a: 'UPDATED', b: 'UPDATING' } });
  });

  it('is found by the sweep when its time has come', async () => {
    const policyId = await begin({ waves: [{ count: 1 }], soakSeconds: 60 });
    await run(policyId);
    await fleet.acknowledge(ids[0] ?? '');
    expect(await run(policyId)).toMatchObject({ status: 'SOAKING' });
    expect(await sweepRollouts(parts, fleet.organizationId)).toEqual([]);
    ahead = 61;
    const { id } = await fleet.rolloutOf(policyId);
    expect(await sweepRollouts(parts, fleet.organizationId)).toMatchObject([{ queue: 'rollout', data: { organizationId: fleet.organizationId, rolloutIds: [id] } }]);
    await run(policyId);
    expect(await asked()).toEqual(['h2', 'h2', 'h2', 'h2']);
  });
});

describe('two rollouts', () => {
  const other = (rollout: object = {}): Promise<string> => fleet.applyPolicy({ name: 'q', objects: two, clusterSelector: '', rollout });

  it('that may touch one object in one cluster go one after the other', async () => {
    const p = await begin({ waves: [{ count: 1 }] });
    await run(p);
    const q = await other();
    expect(await run(q)).toMatchObject({ status: 'QUEUED', because: 'p to version 2 has to end first: both would touch the same object' });
    for (let turn = 0; turn < 2; turn += 1) {
      for (const id of ids) await fleet.acknowledge(id);
      await run(p);
    }
    const { rows } = await test.admin.query<{ payload: { rolloutId: string } }>(`select payload from outbox where topic = 'rollout.changed' order by id desc limit 1`);
    expect(rows[0]?.payload.rolloutId).toBe((await fleet.rolloutOf(q)).id);
    expect((await run(q)).status).not.toBe('QUEUED');
  });

  it('go on at once when the one before is superseded by a change at once', async () => {
    const p = await begin({ waves: [{ count: 1 }] });
    await run(p);
    const q = await other();
    await run(q);
    await test.admin.query('delete from outbox');
    const [first, second] = [(await fleet.rolloutOf(p)).id, (await fleet.rolloutOf(q)).id];
    await test.store.transaction(fleet.organizationId, (tx) => {
      supersedeRollout(tx, first, { actor: 'user:x', at: new Date(), version: 3 });
      return Promise.resolve();
    });
    const { rows } = await test.admin.query<{ payload: { rolloutId: string } }>(`select payload from outbox where topic = 'rollout.changed'`);
    expect(rows.map(({ payload }) => payload.rolloutId)).toEqual([second]);
  });

  it('queue also where a variable may make two names one', async () => {
    const p = await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/shop/a-${cluster.name}': 'h' }, clusterSelector: '', rollout: {} });
    await run(p);
    const same = await fleet.applyPolicy({ name: 'q', objects: { 'ConfigMap/shop/a-b': 'h' }, clusterSelector: '', rollout: {} });
    expect((await run(same)).status).toBe('QUEUED');
    const apart = await fleet.applyPolicy({ name: 'r', objects: { 'ConfigMap/shop/a_b': 'h' }, clusterSelector: '', rollout: {} });
    expect((await run(apart)).status).toBe('RUNNING');
  });

  it('that share no object, or no cluster, go side by side', async () => {
    const p = await begin({ waves: [{ count: 1 }] });
    await run(p);
    const apart = await fleet.applyPolicy({ name: 'r', objects: { 'ConfigMap/shop/b': 'h' }, clusterSelector: '', rollout: {} });
    expect((await run(apart)).status).toBe('RUNNING');
    const nowhere = await fleet.applyPolicy({ name: 's', objects: two, clusterNames: [], rollout: {} });
    expect((await run(nowhere)).status).toBe('SUCCEEDED');
  });
});
