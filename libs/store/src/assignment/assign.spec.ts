import { UNCOMPILED_REVISION } from '@meshfleet/planner';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHANGED_CHANNEL } from '../desired-state/announce.ts';
import { collectNotices } from '../testing/collect-notices.ts';
import { testFleet } from '../testing/test-fleet.ts';
import type { TestFleet } from '../testing/test-fleet.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { assignClusters } from './assign-clusters.ts';
import { assignPolicy } from './assign-policy.ts';
import { listUncompiled, listUnplaced } from './find-due.ts';

let test: TestStore;
let fleet: TestFleet;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  fleet = testFleet(test, await test.createOrganization());
});

const objects = { 'ConfigMap/shop/a': 'h1' };
const assign = (policyId: string) => test.store.transaction(fleet.organizationId, (tx) => assignPolicy(tx, policyId));
const place = (...clusterIds: string[]) => test.store.transaction(fleet.organizationId, (tx) => assignClusters(tx, clusterIds));
const unplaced = () => test.store.transaction(fleet.organizationId, (tx) => listUnplaced(tx, 10));

describe('assignment of policies to clusters', () => {
  it('assigns what the placement selects, to be compiled, and writes nothing when it is done again', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a', labels: { env: 'prod' } }, { name: 'b' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects, clusterSelector: 'env=prod' });
    expect(await assign(policy)).toEqual({ assigned: 1, withdrawn: 0 });
    expect(await fleet.policyClusters()).toEqual([{ policyId: policy, clusterId: a, version: 1, revision: UNCOMPILED_REVISION, status: 'PENDING' }]);
    expect(await assign(policy)).toEqual({ assigned: 0, withdrawn: 0 });
    expect(await test.store.transaction(fleet.organizationId, (tx) => listUncompiled(tx, undefined, 10))).toEqual([a]);
  });

  it('moves clusters to a new version and withdraws where the placement no longer reaches', async () => {
    const [a = '', b = ''] = await fleet.addClusters([{ name: 'a' }, { name: 'b' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects, clusterNames: ['a', 'b'] });
    await assign(policy);
    await fleet.applyPolicy({ name: 'p', objects, clusterNames: ['b'] });
    expect(await assign(policy)).toEqual({ assigned: 1, withdrawn: 1 });
    expect((await fleet.policyClusters()).map((row) => [row.clusterId, row.version]).sort()).toEqual([[a, null], [b, 2]].sort());
  });

  it('withdraws a deleted policy everywhere, once', async () => {
    await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects, clusterSelector: '' });
    await assign(policy);
    await fleet.deletePolicy(policy);
    expect(await assign(policy)).toEqual({ assigned: 0, withdrawn: 1 });
    expect(await assign(policy)).toEqual({ assigned: 0, withdrawn: 0 });
  });

  it('gives a cluster with new labels other policies', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a', labels: { env: 'dev' } }]);
    const dev = await fleet.applyPolicy({ name: 'dev', objects, clusterSelector: 'env=dev' });
    const prod = await fleet.applyPolicy({ name: 'prod', objects, clusterSelector: 'env=prod' });
    expect(await place(a)).toEqual({ assigned: 1, withdrawn: 0 });
    await fleet.changeCluster(a, 'LABELS', { labels: { env: 'prod' } });
    expect(await place(a)).toEqual({ assigned: 1, withdrawn: 1 });
    expect((await fleet.policyClusters()).map((row) => [row.policyId, row.version]).sort()).toEqual([[dev, null], [prod, 1]].sort());
    expect(await place(a)).toEqual({ assigned: 0, withdrawn: 0 });
  });

  it('takes every assignment from an evicted cluster, tells who watches its policies, and gives it back when it enrols again', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects, clusterSelector: '' });
    await assign(policy);
    await fleet.changeCluster(a, 'EVICTED', { lifecycle: 'EVICTED' });
    const notices = await collectNotices(test, fleet.organizationId, CHANGED_CHANNEL, () => place(a));
    expect(notices.map((payload) => (JSON.parse(payload) as { policies: string[] }).policies)).toContainEqual([policy]);
    expect(await fleet.policyClusters()).toEqual([]);
    await fleet.changeCluster(a, 'ENROLLED', { lifecycle: 'ACTIVE' });
    expect(await place(a)).toEqual({ assigned: 1, withdrawn: 0 });
  });

  it('assigns nothing to a cluster that waits for approval', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a', lifecycle: 'PENDING_APPROVAL' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects, clusterSelector: '' });
    expect(await assign(policy)).toEqual({ assigned: 0, withdrawn: 0 });
    expect(await place(a)).toEqual({ assigned: 0, withdrawn: 0 });
    await fleet.changeCluster(a, 'APPROVED', { lifecycle: 'ACTIVE' });
    expect(await unplaced()).toEqual({ policyIds: [], clusterIds: [a] });
    expect(await place(a)).toEqual({ assigned: 1, withdrawn: 0 });
  });

  it('shows the sweep what no event has placed, and nothing else', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects, clusterSelector: '' });
    expect(await unplaced()).toEqual({ policyIds: [policy], clusterIds: [a] });
    await assign(policy);
    await place(a);
    expect(await unplaced()).toEqual({ policyIds: [], clusterIds: [] });
    await fleet.acknowledge(a);
    expect(await unplaced()).toEqual({ policyIds: [], clusterIds: [] });
    await fleet.deletePolicy(policy);
    await fleet.changeCluster(a, 'LABELS', { labels: { x: 'y' } });
    expect(await unplaced()).toEqual({ policyIds: [policy], clusterIds: [a] });
  });

  it('hands the place of a cluster that leaves to another, and takes it from nobody when one comes', async () => {
    const ids = await fleet.addClusters(Array.from({ length: 6 }, (_, index) => ({ name: `c${index}`, labels: { env: 'prod' } })));
    const policy = await fleet.applyPolicy({ name: 'canary', objects, clusterSelector: 'env=prod', placement: { count: 2 } });
    expect(await assign(policy)).toEqual({ assigned: 2, withdrawn: 0 });
    const holders = async (): Promise<string[]> => (await fleet.policyClusters()).filter((row) => row.version !== null).map((row) => row.clusterId).sort();
    const before = await holders();
    const [leaving = '', staying = ''] = before;
    await fleet.changeCluster(leaving, 'LABELS', { labels: { env: 'dev' } });
    expect(await place(leaving)).toEqual({ assigned: 1, withdrawn: 1 });
    const after = await holders();
    expect(after).toHaveLength(2);
    expect(after).toContain(staying);
    await fleet.changeCluster(leaving, 'LABELS', { labels: { env: 'prod' } });
    expect(await place(leaving)).toEqual({ assigned: 0, withdrawn: 0 });
    const [evicted = ''] = after.filter((id) => id !== staying);
    await fleet.changeCluster(evicted, 'EVICTED', { lifecycle: 'EVICTED' });
    expect(await place(evicted)).toEqual({ assigned: 1, withdrawn: 1 });
    expect(await holders()).toHaveLength(2);
    expect(ids).toEqual(expect.arrayContaining(await holders()));
  });

  it('never leaves a cluster with a policy that its labels refuse, when both change at the same time', async () => {
    for (let round = 0; round < 20; round += 1) {
      const own = testFleet(test, await test.createOrganization());
      const [a = ''] = await own.addClusters([{ name: 'a', labels: { env: 'prod' } }]);
      const policy = await own.applyPolicy({ name: 'p', objects, clusterSelector: 'env=prod' });
      const run = (work: Parameters<typeof test.store.transaction>[1]) => test.store.transaction(own.organizationId, work);
      await Promise.all([
        run((tx) => assignPolicy(tx, policy)),
        own.changeCluster(a, 'LABELS', { labels: { env: 'dev' } }).then(() => run((tx) => assignClusters(tx, [a]))),
      ]);
      expect((await own.policyClusters()).filter((row) => row.version !== null)).toEqual([]);
    }
  });
});
