import type { ReportedCondition } from '@meshfleet/protocol';
import { testFleet, withTestStore, writeReports } from '@meshfleet/store';
import type { TestFleet, TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';

const A = 'VirtualService.networking.istio.io/shop/a';
const B = 'VirtualService.networking.istio.io/shop/b';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

let fleet: TestFleet;
let cluster: string;
let older: string;
let younger: string;
let seq: number;
beforeEach(async () => {
  fleet = testFleet(test, await test.createOrganization());
  [cluster = ''] = await fleet.addClusters([{ name: 'a' }]);
  older = await fleet.applyPolicy({ name: 'older', objects: { [A]: 'o', [B]: 'o' }, clusterSelector: '' });
  younger = await fleet.applyPolicy({ name: 'younger', objects: { [A]: 'y' }, clusterSelector: '' });
  seq = 0;
  await changed(older, younger);
});

const changed = (...policyIds: string[]) => applyPolicyChanges(test.store, { organizationId: fleet.organizationId, changes: policyIds.map((policyId) => ({ policyId, actor: 'user:a' })) });

const said = (policyId: string, status: ReportedCondition['status'], reason: string, key = A): ReportedCondition => ({ key, policyId, status, reason, message: '', observedAt: '2026-11-20T00:00:00Z' });

/** The agent says so, and acknowledges this revision. */
async function report(revision: number, ...items: ReportedCondition[]): Promise<void> {
  const { rows } = await test.admin.query<{ digest: string }>('select digest from desired_state where cluster_id = $1 and revision = $2', [cluster, revision]);
  seq += 1;
  await test.store.transaction(fleet.organizationId, (tx) => writeReports(tx, [{ clusterId: cluster, report: { seq, epoch: 1, revision, digest: rows[0]?.digest ?? '', conditions: { full: false, items } } }]));
}

const conditions = async () => (await test.admin.query<{ policyId: string; reason: string }>('select policy_id as "policyId", reason from object_condition where cluster_id = $1', [cluster])).rows;
const statuses = async () => Object.fromEntries((await fleet.policyClusters()).map(({ policyId, status }) => [policyId, status]));

describe('what an agent still says of an object in the name of a policy that has it no more', () => {
  beforeEach(() => report(1, said(older, 'FAILED', 'Conflict')));

  it('is not kept when the policy was withdrawn meanwhile, and does not keep it', async () => {
    await fleet.deletePolicy(older);
    await changed(older);
    await report(1, said(older, 'FAILED', 'Conflict'));
    expect(await conditions()).toEqual([]);
    await report(2, said(younger, 'APPLIED', 'Applied'));
    expect(await statuses()).toEqual({ [younger]: 'APPLIED' });
  });

  it('is not kept when a new version names it no more', async () => {
    await fleet.applyPolicy({ name: 'older', objects: { [B]: 'o' }, clusterSelector: '' });
    await changed(older);
    await report(1, said(older, 'FAILED', 'Conflict'), said(older, 'DRIFTED', 'FieldsChanged', B));
    expect(await conditions()).toEqual([{ policyId: older, reason: 'FieldsChanged' }]);
    await report(2, said(younger, 'APPLIED', 'Applied'), said(older, 'APPLIED', 'Applied', B));
    expect(await statuses()).toEqual({ [older]: 'APPLIED', [younger]: 'APPLIED' });
  });

  it('is kept of what is still to be withdrawn', async () => {
    await fleet.deletePolicy(older);
    await changed(older);
    await report(1, said(older, 'FAILED', 'Forbidden', B));
    expect(await conditions()).toEqual([{ policyId: older, reason: 'Forbidden' }]);
  });
});

describe('a policy that is withdrawn', () => {
  it.each(['Conflict', 'Invalid', 'Forbidden'])('goes though an object of it that passes to another had failed: %s', async (reason) => {
    await report(1, said(older, 'FAILED', reason));
    await fleet.deletePolicy(older);
    await changed(older);
    await report(2, said(younger, 'APPLIED', 'Applied'));
    expect([await statuses(), await conditions()]).toEqual([{ [younger]: 'APPLIED' }, []]);
  });
});
