import { testFleet, timeToNextExpiry, withTestStore } from '@meshfleet/store';
import { sweepOrganization } from '../sweep/sweep-organization.ts';
import type { Store, TestFleet, TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';
import { dice, dying } from '../testing/dying-store.fixture.ts';

let test: TestStore;
let fleet: TestFleet;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  fleet = testFleet(test, await test.createOrganization());
});

const FAULT = 'VirtualService.networking.istio.io/shop/ratings';
const RULE = 'DestinationRule.networking.istio.io/shop/ratings';
const FAR = '2999-01-01T00:00:00.000Z';
const PAST = '2020-01-01T00:00:00.000Z';

const changed = (policyId: string) => applyPolicyChanges(test.store, { organizationId: fleet.organizationId, changes: [{ policyId, actor: 'user:ada' }] });
const sweep = (store: Store = test.store) => sweepOrganization(store, fleet.organizationId);
const keysOf = async (cluster: string) => (await fleet.desiredOf(cluster)).state.entries.map(({ key }) => key);
const audited = async () => (await test.admin.query<{ target: string; details: { objects: string[]; clusterIds: string[] } }>(`select target, details from audit_event where organization_id = $1 and action = 'policy.expire'`, [fleet.organizationId])).rows;

const counted = async (policyId: string) => (await test.admin.query<object>(`select object_count as "objectCount", expires_at as "expiresAt" from policy_cluster where policy_id = $1`, [policyId])).rows;

async function faultIn(cluster: string, more: object = {}): Promise<string> {
  const policy = await fleet.applyPolicy({ name: 'fault', objects: { [FAULT]: 'f', [RULE]: 'r' }, ends: { [FAULT]: FAR }, clusterSelector: '', ...more });
  await changed(policy);
  await fleet.acknowledge(cluster);
  return policy;
}

describe('an object that has come to its end', () => {
  it('is withdrawn by the sweep, alone and once, and the log says so', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await faultIn(a);
    expect(await sweep()).toMatchObject({ revised: 0 });
    expect(await keysOf(a)).toEqual([RULE, FAULT]);
    expect(await counted(policy)).toEqual([{ objectCount: 2, expiresAt: new Date(FAR) }]);
    await fleet.end([FAULT]);
    expect(await sweep()).toMatchObject({ revised: 1 });
    expect(await fleet.desiredOf(a)).toMatchObject({ state: { entries: [{ key: RULE }], tombstones: [{ key: FAULT, policyId: policy }] }, cause: [{ action: 'EXPIRED', policyId: policy, version: 1, actor: 'system:reconciler' }] });
    expect(await audited()).toEqual([{ target: policy, details: { objects: [FAULT], clusterIds: [a] } }]);
    expect(await sweep()).toMatchObject({ revised: 0 });
    expect(await audited()).toHaveLength(1);
    await fleet.acknowledge(a);
    expect(await fleet.policyClusters()).toMatchObject([{ policyId: policy, status: 'APPLIED' }]);
    expect(await counted(policy)).toEqual([{ objectCount: 1, expiresAt: null }]);
  });

  it('is left out of whatever is compiled first, the sweep or another change, and the log says so all the same', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await faultIn(a);
    await fleet.end([FAULT]);
    await changed(await fleet.applyPolicy({ name: 'other', objects: { 'ConfigMap/x/y': 'h' }, clusterSelector: '' }));
    expect(await keysOf(a)).toEqual(['ConfigMap/x/y', RULE]);
    expect(await audited()).toMatchObject([{ target: policy }]);
    expect(await sweep()).toMatchObject({ revised: 0 });
  });

  it('is given to no cluster, and brought back by no other version', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await faultIn(a, { ends: { [FAULT]: PAST } });
    expect(await keysOf(a)).toEqual([RULE]);
    await fleet.applyPolicy({ name: 'fault', objects: { [FAULT]: 'f2' }, ends: { [FAULT]: PAST }, clusterSelector: '' });
    await changed(policy);
    expect(await keysOf(a)).toEqual([]);
    expect(await audited()).toEqual([]);
  });

  it('comes back with a version that gives it a later end', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await faultIn(a);
    await fleet.end([FAULT]);
    await sweep();
    await fleet.applyPolicy({ name: 'fault', objects: { [FAULT]: 'f' }, ends: { [FAULT]: FAR }, clusterSelector: '' });
    await changed(policy);
    expect(await keysOf(a)).toEqual([FAULT]);
  });

  it('passes to the policy that wanted it too', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    await faultIn(a);
    const younger = await fleet.applyPolicy({ name: 'younger', objects: { [FAULT]: 'route' }, clusterSelector: '' });
    await changed(younger);
    await fleet.end([FAULT]);
    await sweep();
    expect((await fleet.desiredOf(a)).state.entries).toMatchObject([{ key: RULE }, { key: FAULT, hash: 'route', policyId: younger }]);
  });

  it('ends as well where it differs from cluster to cluster, and where its rendering has begun to fail', async () => {
    const [a = '', b = ''] = await fleet.addClusters([{ name: 'a', labels: { tier: 'x' } }, { name: 'b', labels: { tier: 'y' } }]);
    const template = { objects: [{ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'ratings', namespace: 'shop' }, spec: { hosts: ['${cluster.labels.tier}.example.com'], http: [{ route: [{ destination: { host: 'ratings' } }] }] } }] };
    await changed(await fleet.applyPolicy({ name: 'fault', template, ends: { [FAULT]: FAR }, clusterSelector: '' }));
    expect([await keysOf(a), await keysOf(b)]).toEqual([[FAULT], [FAULT]]);
    await test.admin.query(`update cluster set labels = '{}' where id = $1`, [b]);
    await fleet.end([FAULT]);
    await sweep();
    expect([await keysOf(a), await keysOf(b)]).toEqual([[], []]);
  });

  it('ends once, whenever the reconciler is killed on the way', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      fleet = testFleet(test, await test.createOrganization());
      const clusters = await fleet.addClusters(['a', 'b', 'c'].map((name) => ({ name })));
      const policy = await fleet.applyPolicy({ name: 'fault', objects: { [FAULT]: 'f', [RULE]: 'r' }, ends: { [FAULT]: FAR }, clusterSelector: '' });
      await changed(policy);
      await fleet.end([FAULT]);
      const mortal = dying(test.store, dice(seed), 0.15);
      for (let life = 0; life < 3; life += 1) await sweep(mortal).catch((error: unknown) => expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' }));
      await Promise.all([sweep(), sweep()]);
      for (const cluster of clusters) expect(await fleet.desiredOf(cluster), `seed ${seed}`).toMatchObject({ revision: 2, state: { entries: [{ key: RULE }], tombstones: [{ key: FAULT }] } });
      expect((await audited()).flatMap(({ details }) => details.clusterIds).sort(), `seed ${seed}`).toEqual([...clusters].sort());
    }
  });

  it('wakes the reconciler when it ends within the time that is asked about', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    await faultIn(a);
    const wait = (within: number) => test.store.transaction(fleet.organizationId, (tx) => timeToNextExpiry(tx, within));
    expect(await wait(60_000)).toBeNull();
    await test.admin.query(`update policy_cluster set expires_at = now() + interval '1 hour' where organization_id = $1`, [fleet.organizationId]);
    expect(await wait(60_000)).toBeNull();
    expect(await wait(7_200_000)).toBeGreaterThan(3_000_000);
    await fleet.end([FAULT]);
    expect(await wait(60_000)).toBe(0);
  });
});
