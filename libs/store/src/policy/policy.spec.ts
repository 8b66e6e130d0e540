import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assignPolicy } from '../assignment/assign-policy.ts';
import type { Tx } from '../connection/sql.ts';
import { CHANGED_CHANNEL } from '../desired-state/announce.ts';
import { collectNotices } from '../testing/collect-notices.ts';
import { testFleet } from '../testing/test-fleet.ts';
import type { TestFleet } from '../testing/test-fleet.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { uuidv7 } from '../uuidv7.ts';
import { countClustersOfPolicies, listClustersOfPolicies, listPoliciesOfClusters, summarizePolicies } from './policy-clusters.ts';
import { findPolicyVersions, listPolicyVersions } from './policy-versions.ts';
import { countPolicies, findPolicies, findPolicyByName, listPolicies } from './policies.ts';
import { advancePolicy, insertPolicy, lockPolicyById, lockPolicyByName, markPolicyDeleted } from './write-policy.ts';

const FIRST = { limit: 10, backwards: false };
const objects = { 'ConfigMap/shop/a': 'h1' };

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
const namesOf = (slice: { rows: readonly { name: string }[] }): string[] => slice.rows.map(({ name }) => name);

async function setStatus(policyId: string, clusterId: string, status: string): Promise<void> {
  await test.admin.query(
    `insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status) values ($1, $2, $3, 1, 1, $4)`,
    [fleet.organizationId, policyId, clusterId, status],
  );
}

describe('policies', () => {
  it('are listed and counted by name or description, in either case of letters, without the deleted ones', async () => {
    await fleet.applyPolicy({ name: 'strict-mtls', objects });
    const gone = await fleet.applyPolicy({ name: 'gone', objects });
    const other = await fleet.applyPolicy({ name: 'egress', objects });
    await test.admin.query(`update policy set description = 'Allow MTLS out' where id = $1`, [other]);
    await fleet.deletePolicy(gone);
    expect(namesOf(await within((tx) => listPolicies(tx, {}, FIRST)))).toEqual(['egress', 'strict-mtls']);
    expect(namesOf(await within((tx) => listPolicies(tx, { text: 'mTLS' }, FIRST)))).toEqual(['egress', 'strict-mtls']);
    expect(await within((tx) => countPolicies(tx, { text: 'strict' }))).toBe(1);
    expect(await within((tx) => countPolicies(tx, { text: '100%_' }))).toBe(0);
  });

  it('that are deleted are found by id, and their name is free for another', async () => {
    const gone = await fleet.applyPolicy({ name: 'p', objects });
    await within((tx) => Promise.resolve(markPolicyDeleted(tx, gone, new Date())));
    expect(await within((tx) => findPolicyByName(tx, 'p'))).toBeUndefined();
    expect(await within((tx) => lockPolicyById(tx, gone))).toBeUndefined();
    expect(await within((tx) => findPolicies(tx, [gone]))).toMatchObject([{ id: gone, name: 'p', deletedAt: expect.any(Date) as Date }]);
    const again = await fleet.applyPolicy({ name: 'p', objects });
    expect(again).not.toBe(gone);
    expect(await within((tx) => findPolicyByName(tx, 'p'))).toMatchObject({ id: again, currentVersion: 1 });
  });

  it('of one name that many create at once become one', async () => {
    const create = (): Promise<string> =>
      within(async (tx) => {
        const held = await lockPolicyByName(tx, 'raced');
        if (held !== undefined) return held.id;
        const id = uuidv7(new Date(), randomBytes(10));
        insertPolicy(tx, { id, name: 'raced', description: null, at: new Date(), staged: false });
        return id;
      });
    const ids = await Promise.all(Array.from({ length: 8 }, create));
    expect(new Set(ids).size).toBe(1);
    expect(await within((tx) => countPolicies(tx, {}))).toBe(1);
  });

  it('are nobody else’s: another organization finds, lists and advances none of them', async () => {
    const mine = await fleet.applyPolicy({ name: 'p', objects });
    const stranger = await test.createOrganization();
    await test.store.transaction(stranger, async (tx) => {
      expect(await findPolicies(tx, [mine])).toEqual([]);
      expect(await lockPolicyById(tx, mine)).toBeUndefined();
      expect((await listPolicies(tx, {}, FIRST)).rows).toEqual([]);
      advancePolicy(tx, { id: mine, description: 'taken over', version: 9, at: new Date(), staged: false });
    });
    expect(await within((tx) => findPolicies(tx, [mine]))).toMatchObject([{ description: null, currentVersion: 1 }]);
  });
});

describe('versions', () => {
  it('come in the order of the keys that are asked for, with a gap where there is none', async () => {
    const id = await fleet.applyPolicy({ name: 'p', objects });
    await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/shop/b': 'h2' }, drift: 'REPORT' });
    const found = await within((tx) => findPolicyVersions(tx, [{ policyId: id, version: 2 }, { policyId: id, version: 7 }, { policyId: id, version: 1 }]));
    expect(found.map((row) => row?.drift)).toEqual(['REPORT', undefined, 'CORRECT']);
    expect(found[0]?.objects).toEqual([{ key: 'ConfigMap/shop/b', hash: 'h2' }]);
  });

  it('are listed newest first', async () => {
    const id = await fleet.applyPolicy({ name: 'p', objects });
    for (let version = 2; version <= 4; version += 1) await fleet.applyPolicy({ name: 'p', objects });
    const [page] = await within((tx) => listPolicyVersions(tx, [id], { limit: 2, backwards: false }));
    expect(page).toMatchObject({ rows: [{ version: 4 }, { version: 3 }], hasNext: true, hasPrevious: false });
  });
});

describe('how far policies are', () => {
  it('is counted by status, with zeros for a policy that reaches nothing', async () => {
    const [a = '', b = '', c = ''] = await fleet.addClusters([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    const [spread, idle] = [await fleet.applyPolicy({ name: 'spread', objects }), await fleet.applyPolicy({ name: 'idle', objects })];
    await setStatus(spread, a, 'APPLIED');
    await setStatus(spread, b, 'APPLIED');
    await setStatus(spread, c, 'FAILED');
    expect(await within((tx) => summarizePolicies(tx, [idle, spread]))).toEqual([
      { pending: 0, applied: 0, failed: 0, drifted: 0, settled: false },
      { pending: 0, applied: 2, failed: 1, drifted: 0, settled: false },
    ]);
  });

  it('is settled when the version is placed, no cluster is pending and no rollout is under way', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a', labels: { env: 'prod' } }]);
    const id = await fleet.applyPolicy({ name: 'p', objects, placement: { clusterSelector: 'env=prod' } });
    const summary = async () => (await within((tx) => summarizePolicies(tx, [id])))[0];
    expect(await summary()).toMatchObject({ pending: 0, settled: false });
    await within((tx) => assignPolicy(tx, id));
    expect(await summary()).toMatchObject({ pending: 1, settled: false });
    await test.admin.query(`update policy_cluster set status = 'APPLIED' where policy_id = $1 and cluster_id = $2`, [id, a]);
    expect(await summary()).toMatchObject({ applied: 1, settled: true });
    await fleet.applyPolicy({ name: 'p', objects, placement: { clusterSelector: 'env=prod' } });
    expect(await summary()).toMatchObject({ applied: 1, settled: false });
  });

  it('is settled, and said to have changed, when the version reaches no cluster', async () => {
    const id = await fleet.applyPolicy({ name: 'p', objects, placement: { clusterSelector: 'env=nowhere' } });
    const notices = await collectNotices(test, fleet.organizationId, CHANGED_CHANNEL, () => within((tx) => assignPolicy(tx, id)));
    expect(notices).toEqual([JSON.stringify({ o: fleet.organizationId, clusters: [], policies: [id] })]);
    expect(await within((tx) => summarizePolicies(tx, [id]))).toMatchObject([{ settled: true }]);
  });

  it('is listed for each policy by the names of its clusters, and for each cluster by the names of its policies', async () => {
    const [b = '', a = ''] = await fleet.addClusters([{ name: 'b' }, { name: 'a' }]);
    const [one, two] = [await fleet.applyPolicy({ name: 'one', objects }), await fleet.applyPolicy({ name: 'two', objects })];
    await setStatus(one, a, 'FAILED');
    await setStatus(one, b, 'APPLIED');
    await setStatus(two, b, 'PENDING');
    const clusters = await within((tx) => listClustersOfPolicies(tx, [two, one], undefined, FIRST));
    expect(clusters.map(namesOf)).toEqual([['b'], ['a', 'b']]);
    const policies = await within((tx) => listPoliciesOfClusters(tx, [a, b], FIRST));
    expect(policies.map(namesOf)).toEqual([['one'], ['one', 'two']]);
    const failed = await within((tx) => listClustersOfPolicies(tx, [one, two], ['FAILED'], FIRST));
    expect(failed.map(namesOf)).toEqual([['a'], []]);
    expect(await within((tx) => countClustersOfPolicies(tx, [one, two], ['FAILED', 'PENDING']))).toEqual([1, 1]);
    expect(await within((tx) => countClustersOfPolicies(tx, [one], []))).toEqual([0]);
  });
});
