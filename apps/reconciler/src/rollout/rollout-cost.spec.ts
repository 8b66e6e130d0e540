import { testFleet, withTestStore } from '@meshfleet/store';
import type { TestFleet, TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';
import { counting } from '../testing/counting-store.fixture.ts';
import type { Cost } from '../testing/counting-store.fixture.ts';
import { runRollout } from './run-rollout.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

async function run(fleet: TestFleet, policyId: string): Promise<Cost> {
  const { store, cost } = counting(test.store);
  const callWebhook = () => Promise.reject(new TypeError('no webhook is asked'));
  await runRollout({ store, callWebhook, now: () => new Date() }, fleet.organizationId, (await fleet.rolloutOf(policyId)).id);
  return cost;
}

/** What it costs to take the answer of the first wave of three clusters, and to open the second one, of three as well. */
async function costInRolloutOf(size: number): Promise<Cost> {
  const fleet = testFleet(test, await test.createOrganization());
  const ids = await fleet.addClusters(Array.from({ length: size }, (_, index) => ({ name: `c${String(index).padStart(5, '0')}` })));
  await test.admin.query('update cluster set last_seen_at = now() where organization_id = $1', [fleet.organizationId]);
  const policyId = await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/x/a': 'h1' }, clusterSelector: '' });
  await applyPolicyChanges(test.store, { organizationId: fleet.organizationId, changes: [{ policyId, actor: 'user:a' }] });
  await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/x/a': 'h2' }, clusterSelector: '', rollout: { waves: [{ count: 3 }, { count: 3 }] } });
  await run(fleet, policyId);
  for (const id of ids.slice(0, 3)) await fleet.acknowledge(id);
  for (const table of ['cluster', 'policy_cluster', 'rollout_cluster', 'rollout', 'policy']) await test.admin.query(`vacuum analyze ${table}`);
  const cost = await run(fleet, policyId);
  expect(Object.values((await fleet.rolloutOf(policyId)).phases).filter((phase) => phase !== 'PENDING').sort()).toEqual(['UPDATED', 'UPDATED', 'UPDATED', 'UPDATING', 'UPDATING', 'UPDATING']);
  return cost;
}

describe('the cost of a wave', () => {
  it('is that of the clusters that it touches, whatever the size of the rollout', async () => {
    const [small, large] = [await costInRolloutOf(100), await costInRolloutOf(3_000)];
    expect(large).toMatchObject({ transactions: small.transactions, statements: small.statements, returned: small.returned, written: small.written });
    expect(large.read).toBeLessThan(small.read + 400);
  }, 120_000);
});
