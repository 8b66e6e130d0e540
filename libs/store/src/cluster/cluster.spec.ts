import { parseLabelSelector } from '@meshfleet/model';
import { NOWHERE } from '@meshfleet/planner';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isUniqueViolation } from '../connection/sql.ts';
import type { Tx } from '../connection/sql.ts';
import { testFleet } from '../testing/test-fleet.ts';
import type { TestFleet } from '../testing/test-fleet.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { approveDeletions, approveDeletionsOfPolicy, describeCluster, lockCluster } from './change-cluster.ts';
import { countClusters, existingClusterNames, findClusterByName, findClusters, listClusters } from './clusters.ts';
import type { ClusterFilter } from './clusters.ts';
import { findPlacedClusters } from './placed-clusters.ts';
import { conditionsOfPairs, countConditions, listConditions } from './conditions.ts';
import { countInventory, listInventory } from './inventory.ts';

const FIRST = { limit: 10, backwards: false };

let test: TestStore;
let fleet: TestFleet;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  fleet = testFleet(test, await test.createOrganization());
});

const within = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => test.store.transaction(fleet.organizationId, work);
const names = async (filter: ClusterFilter): Promise<string[]> => (await within((tx) => listClusters(tx, filter, FIRST))).rows.map(({ name }) => name);
const set = (id: string, assignments: string): Promise<unknown> => test.admin.query(`update cluster set ${assignments} where id = $1`, [id]);

async function addCondition(clusterId: string, policyId: string, key: string, status = 'FAILED'): Promise<void> {
  await test.admin.query(
    `insert into object_condition (organization_id, cluster_id, policy_id, object_key, status, reason, message, revision, observed_at)
     values ($1, $2, $3, $4, $5, 'Conflict', 'm', 1, now())`,
    [fleet.organizationId, clusterId, policyId, key, status],
  );
}

describe('a cluster', () => {
  it('is ONLINE for 90 seconds after its last sign of life, unless its life says something else', async () => {
    const [fresh = '', silent = '', never = '', barred = ''] = await fleet.addClusters([{ name: 'fresh' }, { name: 'silent' }, { name: 'never' }, { name: 'barred', lifecycle: 'QUARANTINED' }]);
    await set(fresh, `last_seen_at = now() - interval '80 seconds'`);
    await set(silent, `last_seen_at = now() - interval '100 seconds'`);
    await set(barred, 'last_seen_at = now()');
    const rows = await within((tx) => findClusters(tx, [fresh, silent, never, barred]));
    expect(Object.fromEntries(rows.map(({ name, status }) => [name, status]))).toEqual({ fresh: 'ONLINE', silent: 'OFFLINE', never: 'OFFLINE', barred: 'QUARANTINED' });
    expect(await names({ status: ['OFFLINE', 'QUARANTINED'] })).toEqual(['barred', 'never', 'silent']);
  });

  it('is in sync when it acknowledged what is desired in the epoch that holds, and no object is failed or drifted', async () => {
    const [id = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects: {} });
    const inSync = async (): Promise<boolean | undefined> => (await within((tx) => findClusters(tx, [id])))[0]?.inSync;
    expect(await inSync()).toBe(true); // nothing was asked of it
    await set(id, 'desired_revision = 3, acked_revision = 2, acked_epoch = 1');
    expect(await inSync()).toBe(false);
    await set(id, 'acked_revision = 3');
    expect(await inSync()).toBe(true);
    await addCondition(id, policy, 'ConfigMap/shop/a', 'CORRECTED');
    expect(await inSync()).toBe(true);
    await addCondition(id, policy, 'ConfigMap/shop/b', 'DRIFTED');
    expect(await inSync()).toBe(false);
    await test.admin.query(`delete from object_condition where cluster_id = $1`, [id]);
    await test.admin.query(`update organization set epoch = 2 where id = $1`, [fleet.organizationId]);
    expect(await inSync()).toBe(false);
  });

  it('cannot take the name of another', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }, { name: 'b' }]);
    const failure: unknown = await within(async (tx) => {
      const held = await lockCluster(tx, a);
      if (held !== undefined) await describeCluster(tx, { ...held, name: 'b' });
    }).catch((error: unknown) => error);
    expect(isUniqueViolation(failure)).toBe(true);
    expect(await within((tx) => findClusterByName(tx, 'a'))).toMatchObject({ id: a });
  });

  it('keeps the larger approval of deletions when a policy’s is smaller, and an approval reaches only the clusters that hold the policy', async () => {
    const [a = '', b = '', elsewhere = ''] = await fleet.addClusters([{ name: 'a' }, { name: 'b' }, { name: 'elsewhere' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects: {} });
    for (const id of [a, b]) {
      await test.admin.query(`insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status) values ($1, $2, $3, 1, 1, 'APPLIED')`, [fleet.organizationId, policy, id]);
    }
    await within((tx) => {
      approveDeletions(tx, a, 50);
      approveDeletionsOfPolicy(tx, policy, 20);
      return Promise.resolve();
    });
    const { rows } = await test.admin.query<{ id: string; approved: number }>('select id, approved_deletions as approved from cluster where organization_id = $1', [fleet.organizationId]);
    expect(Object.fromEntries(rows.map(({ id, approved }) => [id, approved]))).toEqual({ [a]: 50, [b]: 20, [elsewhere]: 0 });
  });
});

describe('clusters are filtered', () => {
  beforeEach(async () => {
    await fleet.addClusters([
      { name: 'eu-1', labels: { env: 'prod', cores: '16' }, region: 'eu' },
      { name: 'eu-2', labels: { env: 'dev' }, region: 'eu' },
      { name: 'us-1', labels: { env: 'prod', cores: 'many' }, region: 'us' },
    ]);
  });

  it.each([
    ['env=prod', ['eu-1', 'us-1']],
    ['env!=prod', ['eu-2']],
    ['!cores', ['eu-2']],
    ['cores>4', ['eu-1']],
    ['meshfleet.io/region in (eu),env', ['eu-1', 'eu-2']],
    ['meshfleet.io/name=us-1', ['us-1']],
  ])('by labels: %s', async (selector, expected) => {
    const filter = { labels: parseLabelSelector(selector) };
    expect(await names(filter)).toEqual(expected);
    expect(await within((tx) => countClusters(tx, filter))).toBe(expected.length);
  });

  it('by part of a name or place, whatever the case, and by everything at once', async () => {
    expect(await names({ text: 'EU' })).toEqual(['eu-1', 'eu-2']);
    expect(await names({ text: '%' })).toEqual([]);
    expect(await names({ text: 'eu', labels: parseLabelSelector('env=prod'), status: ['OFFLINE'] })).toEqual(['eu-1']);
    expect(await names({ text: 'eu', labels: parseLabelSelector('env=prod'), status: ['ONLINE'] })).toEqual([]);
  });

  it('by a placement, in the order of names', async () => {
    const placement = { ...NOWHERE, clusterSelector: 'env=prod', clusterNames: ['eu-2', 'eu-1'] };
    const nobody = { policyName: 'p', policyId: undefined };
    expect((await within((tx) => findPlacedClusters(tx, placement, nobody))).map(({ name }) => name)).toEqual(['eu-1', 'eu-2', 'us-1']);
    expect(await within((tx) => findPlacedClusters(tx, NOWHERE, nobody))).toEqual([]);
  });

  it('by names that exist, and never another organization’s', async () => {
    expect((await within((tx) => existingClusterNames(tx, ['us-1', 'nobody', 'eu-1']))).sort()).toEqual(['eu-1', 'us-1']);
    const stranger = await test.createOrganization();
    expect(await test.store.transaction(stranger, (tx) => existingClusterNames(tx, ['eu-1']))).toEqual([]);
    expect(await test.store.transaction(stranger, (tx) => countClusters(tx, {}))).toBe(0);
  });
});

describe('what is known of a cluster’s objects', () => {
  it('is listed by key, and for pairs of policy and cluster in the order of the pairs, at most 100 each', async () => {
    const [a = '', b = ''] = await fleet.addClusters([{ name: 'a' }, { name: 'b' }]);
    const [one, two] = [await fleet.applyPolicy({ name: 'one', objects: {} }), await fleet.applyPolicy({ name: 'two', objects: {} })];
    await addCondition(b, two, 'ConfigMap/shop/z');
    await addCondition(b, one, 'ConfigMap/shop/y');
    for (let index = 0; index < 103; index += 1) await addCondition(a, one, `ConfigMap/shop/o${String(index).padStart(3, '0')}`);
    const groups = await within((tx) => conditionsOfPairs(tx, [{ policyId: two, clusterId: b }, { policyId: two, clusterId: a }, { policyId: one, clusterId: a }]));
    expect(groups.map((group) => group.length)).toEqual([1, 0, 100]);
    expect(groups[2]?.[99]?.key).toBe('ConfigMap/shop/o099');
    const [page] = await within((tx) => listConditions(tx, [b], FIRST));
    expect(page?.rows.map(({ key }) => key)).toEqual(['ConfigMap/shop/y', 'ConfigMap/shop/z']);
    expect(await within((tx) => countConditions(tx, [b, a]))).toEqual([2, 103]);
  });

  it('is found by kind and namespace in the inventory', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const items = [['Service', 'shop', 'cart'], ['Service', 'pay', 'cart'], ['Namespace', '', 'shop']] as const;
    for (const [kind, namespace, name] of items) {
      await test.admin.query(`insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) values ($1, $2, $3, $4, $5, $6, '{}')`, [
        fleet.organizationId, a, `${kind}/${namespace}/${name}`, kind, namespace, name,
      ]);
    }
    const [services] = await within((tx) => listInventory(tx, [a], { kind: 'Service' }, FIRST));
    expect(services?.rows.map(({ namespace }) => namespace)).toEqual(['pay', 'shop']);
    expect(await within((tx) => countInventory(tx, [a], { kind: 'Service', namespace: 'shop' }))).toEqual([1]);
    expect(await within((tx) => countInventory(tx, [a], {}))).toEqual([3]);
  });
});
