import { UNCOMPILED_REVISION } from '@meshfleet/planner';
import { loadClusters, testFleet, withTestStore, writeDesiredStates, writeReports } from '@meshfleet/store';
import type { TestFleet, TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyClusterChanges } from '../events/apply-cluster-changes.ts';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';
import { sweepOrganization } from '../sweep/sweep-organization.ts';
import { compileDue } from './compile-due.ts';
import { planCompilation } from './plan-compilation.ts';

let test: TestStore;
let fleet: TestFleet;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  fleet = testFleet(test, await test.createOrganization());
});

const A = 'ConfigMap/shop/a';
const B = 'ConfigMap/shop/b';
const changed = (...policyIds: string[]) =>
  applyPolicyChanges(test.store, { organizationId: fleet.organizationId, changes: policyIds.map((policyId) => ({ policyId, actor: 'user:test|grace' })) });
const conditions = async () =>
  (await test.admin.query<{ policy_id: string; object_key: string; reason: string; message: string }>(
    `select policy_id, object_key, reason, message from object_condition where organization_id = $1`, [fleet.organizationId])).rows;

describe('compiling a policy into desired states', () => {
  it('gives each reached cluster one revision, with the cause, and repeats nothing', async () => {
    const [a = '', b = ''] = await fleet.addClusters([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h1', 'Namespace/shop': 'h2' }, clusterNames: ['a', 'b'] });
    expect(await changed(policy)).toEqual({ compiled: 2, revised: 2 });
    const held = await fleet.desiredOf(a);
    expect(held.revision).toBe(1);
    expect(held.state.entries.map((entry) => entry.key)).toEqual(['Namespace/shop', A]);
    expect(held.cause).toEqual([{ action: 'ASSIGNED', policyId: policy, version: 1, actor: 'user:test|grace' }]);
    expect((await fleet.policyClusters()).every((row) => row.revision === 1 && row.status === 'PENDING')).toBe(true);

    const before = await rowVersions();
    expect(await changed(policy)).toEqual({ compiled: 0, revised: 0 });
    expect(await compileDue(test.store, fleet.organizationId)).toEqual({ compiled: 0, revised: 0 });
    expect(await rowVersions()).toEqual(before);
    expect((await fleet.desiredOf(b)).revision).toBe(1);
  });

  it('stores what alike clusters hold once', async () => {
    await fleet.addClusters(Array.from({ length: 30 }, (_, index) => ({ name: `c${index}` })));
    await changed(await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, clusterSelector: '' }));
    const { rows } = await test.admin.query(`select digest from desired_state_body where organization_id = $1`, [fleet.organizationId]);
    expect(rows).toHaveLength(1);
  });

  it('writes no revision for a version that changes nothing, and calls it applied where the agent holds it', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, clusterSelector: '' });
    await changed(policy);
    await fleet.acknowledge(a);
    await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, clusterNames: ['a'] });
    expect(await changed(policy)).toEqual({ compiled: 1, revised: 0 });
    expect(await fleet.policyClusters()).toEqual([{ policyId: policy, clusterId: a, version: 2, revision: 1, status: 'APPLIED' }]);
  });

  it('withdraws by tombstones, and is done when the agent has acknowledged them', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h', [B]: 'h' }, clusterSelector: '' });
    await changed(policy);
    await fleet.deletePolicy(policy);
    await changed(policy);
    const { state, revision } = await fleet.desiredOf(a);
    expect(revision).toBe(2);
    expect(state).toEqual({ entries: [], tombstones: [{ key: A, policyId: policy }, { key: B, policyId: policy }] });
    expect(await fleet.policyClusters()).toMatchObject([{ version: null, revision: 2, status: 'PENDING' }]);
    await fleet.acknowledge(a);
    expect(await fleet.policyClusters()).toEqual([]);
  });

  it('fails the younger of two policies on what both want, until the older lets go', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const older = await fleet.applyPolicy({ name: 'older', objects: { [A]: 'o' }, clusterSelector: '' });
    const younger = await fleet.applyPolicy({ name: 'younger', objects: { [A]: 'y', [B]: 'y' }, clusterSelector: '' });
    await changed(older, younger);
    expect(await conditions()).toMatchObject([{ policy_id: younger, object_key: A, reason: 'ObjectClaimedByOtherPolicy' }]);
    expect((await conditions())[0]?.message).toContain('older');
    await fleet.acknowledge(a);
    expect(Object.fromEntries((await fleet.policyClusters()).map((row) => [row.policyId, row.status]))).toEqual({ [older]: 'APPLIED', [younger]: 'FAILED' });

    await fleet.deletePolicy(older);
    await changed(older);
    expect((await fleet.desiredOf(a)).state).toMatchObject({ entries: [{ key: A, policyId: younger }, { key: B, policyId: younger }], tombstones: [] });
    expect(await conditions()).toEqual([]);
    await fleet.acknowledge(a);
    expect(await fleet.policyClusters()).toMatchObject([{ policyId: younger, status: 'APPLIED' }]);
  });

  it('says at once that a policy failed whose every object is held by another', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    await changed(await fleet.applyPolicy({ name: 'older', objects: { [A]: 'o' }, clusterSelector: '' }));
    await fleet.acknowledge(a);
    const younger = await fleet.applyPolicy({ name: 'younger', objects: { [A]: 'y' }, clusterSelector: '' });
    expect(await changed(younger)).toEqual({ compiled: 1, revised: 0 });
    expect((await fleet.policyClusters()).find((row) => row.policyId === younger)?.status).toBe('FAILED');
    await fleet.deletePolicy(younger);
    await changed(younger);
    expect((await fleet.policyClusters()).map((row) => row.policyId)).not.toContain(younger);
  });

  it("lets no agent's report clear the hub's own verdict", async () => {
    await fleet.addClusters([{ name: 'a' }]);
    const older = await fleet.applyPolicy({ name: 'older', objects: { [A]: 'o' }, clusterSelector: '' });
    await changed(older, await fleet.applyPolicy({ name: 'younger', objects: { [A]: 'y' }, clusterSelector: '' }));
    await test.store.transaction(fleet.organizationId, (tx) => tx.query(`delete from object_condition where object_key = $1`, [A]));
    expect(await conditions()).toHaveLength(1);
  });

  it('sends an agent nothing that it is too old for, says so of the object, and sends it once a newer one has come', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    let seq = 0;
    const tell = async (features: readonly string[] | undefined): Promise<void> => {
      const { revision } = await fleet.desiredOf(a);
      const facts = { kubernetesVersion: 'v1.35.0', nodeCount: 1, meshes: [], servedKinds: [], ...(features === undefined ? {} : { features: [...features] }) };
      seq += 1;
      await test.store.transaction(fleet.organizationId, (tx) => writeReports(tx, [{ clusterId: a, report: { seq, epoch: 1, revision, conditions: { full: true, items: [] }, facts } }]));
      await applyClusterChanges(test.store, { organizationId: fleet.organizationId, changes: [{ clusterId: a, reason: 'LABELS', actor: 'agent:a' }] });
    };
    const keys = async () => (await fleet.desiredOf(a)).state.entries.map((entry) => entry.key);
    const policy = await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, entries: [{ key: 'Namespace/shop', hash: 'n', mode: 'METADATA' }], clusterSelector: '' });
    await changed(policy);
    expect(await keys()).toEqual(['Namespace/shop', A]);

    await tell(undefined);
    expect(await keys()).toEqual([A]);
    expect(await conditions()).toMatchObject([{ policy_id: policy, object_key: 'Namespace/shop', reason: 'AgentTooOld', message: expect.stringContaining('Install the agent that belongs to this hub') as string }]);
    await fleet.acknowledge(a);
    expect(await fleet.policyClusters()).toMatchObject([{ status: 'FAILED' }]);
    const held = await fleet.desiredOf(a);
    await tell([]);
    expect([await fleet.desiredOf(a), (await conditions()).length]).toEqual([held, 1]);

    await tell(['METADATA', 'TAKE_OVER', 'DREAMS']);
    expect(await keys()).toEqual(['Namespace/shop', A]);
    expect([await conditions(), (await fleet.policyClusters())[0]?.status]).toEqual([[], 'PENDING']);
    expect((await fleet.desiredOf(a)).state.tombstones).toEqual([]);
  });

  it('forgets conditions of objects that it no longer speaks of', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const older = await fleet.applyPolicy({ name: 'older', objects: { [A]: 'o' }, clusterSelector: '' });
    const younger = await fleet.applyPolicy({ name: 'younger', objects: { [A]: 'y' }, clusterSelector: '' });
    await changed(older, younger);
    await fleet.acknowledge(a, [{ key: A, policyId: older }]);
    await fleet.deletePolicy(older);
    await changed(older);
    expect(await conditions()).toEqual([]);
  });

  it('takes a policy from an evicted cluster without a word to it', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    await changed(await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, clusterSelector: '' }));
    await fleet.changeCluster(a, 'EVICTED', { lifecycle: 'EVICTED' });
    await applyClusterChanges(test.store, { organizationId: fleet.organizationId, changes: [{ clusterId: a, reason: 'EVICTED', actor: 'x' }] });
    expect(await fleet.policyClusters()).toEqual([]);
    expect((await fleet.desiredOf(a)).revision).toBe(1);
  });

  it('carries an approval of deletions in a revision of its own, until the agent has answered it', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, clusterSelector: '' });
    await changed(policy);
    await fleet.deletePolicy(policy);
    await changed(policy);
    await fleet.acknowledge(a, [{ key: A, policyId: policy, reason: 'DeletionGuard' }]);
    const approve = async () => {
      const change = { clusterId: a, reason: 'DELETIONS_APPROVED' as const, actor: 'user:test|grace' };
      return applyClusterChanges(test.store, { organizationId: fleet.organizationId, changes: [change] });
    };
    await fleet.changeCluster(a, 'DELETIONS_APPROVED', { approvedDeletions: 40 });
    expect(await approve()).toEqual({ compiled: 1, revised: 1 });
    expect(await fleet.desiredOf(a)).toMatchObject({ revision: 3, approvedDeletions: 40, cause: [{ action: 'DELETIONS_APPROVED', actor: 'user:test|grace' }] });
    expect(await approve()).toEqual({ compiled: 0, revised: 0 });
    await fleet.acknowledge(a);
    await changed(await fleet.applyPolicy({ name: 'q', objects: { [B]: 'h' }, clusterSelector: '' }));
    expect(await fleet.desiredOf(a)).toMatchObject({ revision: 4, approvedDeletions: 0, state: { tombstones: [{ key: A }] } });
  });

  it('takes an approval for a new one when a person gives the same number again', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, clusterSelector: '' });
    await fleet.changeCluster(a, 'DELETIONS_APPROVED', { approvedDeletions: 7 });
    await changed(policy);
    expect(await fleet.desiredOf(a)).toMatchObject({ revision: 1, approvedDeletions: 7 });
    await fleet.acknowledge(a);
    await fleet.changeCluster(a, 'DELETIONS_APPROVED', { approvedDeletions: 7 });
    await fleet.deletePolicy(policy);
    await changed(policy);
    expect(await fleet.desiredOf(a)).toMatchObject({ revision: 2, approvedDeletions: 7 });
  });

  it('finds an approval whose event got lost', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    await changed(await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, clusterSelector: '' }));
    await fleet.acknowledge(a);
    await fleet.changeCluster(a, 'DELETIONS_APPROVED', { approvedDeletions: 7 });
    expect(await sweepOrganization(test.store, fleet.organizationId)).toMatchObject({ clusters: 1, revised: 1 });
    expect(await sweepOrganization(test.store, fleet.organizationId)).toEqual({ policies: 0, clusters: 0, revised: 0 });
  });

  it('keeps the tombstone of an object that the agent could not delete', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h', [B]: 'h' }, clusterSelector: '' });
    await changed(policy);
    await fleet.deletePolicy(policy);
    await changed(policy);
    await fleet.acknowledge(a, [{ key: A, policyId: policy, reason: 'DeletionGuard' }]);
    await changed(await fleet.applyPolicy({ name: 'q', objects: { 'ConfigMap/x/y': 'h' }, clusterSelector: '' }));
    expect((await fleet.desiredOf(a)).state.tombstones).toEqual([{ key: A, policyId: policy }]);
  });

  it('refuses 100 writes of a worker that woke up after another had compiled', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h0' }, clusterSelector: '' });
    await changed(policy);
    let refused = 0;
    for (let round = 1; round <= 100; round += 1) {
      // Read while it was current, then the process was paused and its transaction ended.
      const stale = await test.store.transaction(fleet.organizationId, (tx) => loadClusters(tx, [a]));
      await fleet.applyPolicy({ name: 'p', objects: { [A]: `h${round}` }, clusterSelector: '' });
      await changed(policy);
      const plans = planCompilation(stale.map((cluster) => ({ cluster, assignments: [], renderings: new Map(), unrendered: [], expired: [], expiries: new Map(), bodies: new Map() })), {});
      const write = test.store.transaction(fleet.organizationId, (tx) => writeDesiredStates(tx, plans.flatMap((plan) => plan.next ?? [])));
      await write.catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'STATE_STALE' });
        refused += 1;
      });
    }
    expect(refused).toBe(100);
    expect(await fleet.desiredOf(a)).toMatchObject({ revision: 101, state: { entries: [{ hash: 'h100' }], tombstones: [] } });
  });

  it('takes no acknowledgement of an older epoch for one: after a restore tombstones stay', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, clusterSelector: '' });
    await changed(policy);
    await fleet.deletePolicy(policy);
    await changed(policy);
    await fleet.acknowledge(a);
    await test.admin.query(`update organization set epoch = epoch + 1 where id = $1`, [fleet.organizationId]);
    const next = await fleet.applyPolicy({ name: 'q', objects: { [B]: 'h' }, clusterSelector: '' });
    await changed(next);
    expect((await fleet.desiredOf(a)).state.tombstones).toEqual([{ key: A, policyId: policy }]);
    await fleet.applyPolicy({ name: 'q', objects: { [B]: 'h' }, clusterNames: ['a'] });
    await changed(next);
    expect(await fleet.policyClusters()).toMatchObject([{ policyId: next, status: 'PENDING' }]);
  });

  it('keeps assignments out of reach of any acknowledgement until they are compiled', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    await fleet.applyPolicy({ name: 'p', objects: { [A]: 'h' }, clusterSelector: '' });
    const { assignClusters } = await import('@meshfleet/store');
    await test.store.transaction(fleet.organizationId, (tx) => assignClusters(tx, [a]));
    await fleet.acknowledge(a);
    expect(await fleet.policyClusters()).toMatchObject([{ revision: UNCOMPILED_REVISION, status: 'PENDING' }]);
  });
});

async function rowVersions(): Promise<unknown> {
  const { rows } = await test.admin.query(
    `select id, row_version, xmin::text from cluster where organization_id = $1
     union all select policy_id, revision, xmin::text from policy_cluster where organization_id = $1 order by 1, 2`, [fleet.organizationId]);
  return rows;
}
