import { testFleet, withTestStore } from '@meshfleet/store';
import type { TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';
import { counting } from '../testing/counting-store.fixture.ts';
import type { Cost } from '../testing/counting-store.fixture.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

async function costInFleetOf(size: number): Promise<Cost> {
  const organizationId = await test.createOrganization();
  const fleet = testFleet(test, organizationId);
  await fleet.addClusters(Array.from({ length: size }, (_, index) => ({ name: `c${index}`, labels: { env: 'prod', ...(index < 3 ? { canary: 'yes' } : {}) } })));
  // A fleet that is at work: every cluster holds something.
  const base = await fleet.applyPolicy({ name: 'base', objects: { 'ConfigMap/x/base': 'h' }, clusterSelector: '' });
  await applyPolicyChanges(test.store, { organizationId, changes: [{ policyId: base, actor: 'user:a' }] });
  for (const table of ['cluster', 'cluster_label', 'policy_cluster', 'desired_state', 'policy']) await test.admin.query(`vacuum analyze ${table}`);

  const policyId = await fleet.applyPolicy({ name: 'canary', objects: { 'ConfigMap/x/canary': 'h' }, clusterSelector: 'env=prod,canary=yes' });
  const { store, cost } = counting(test.store);
  expect(await applyPolicyChanges(store, { organizationId, changes: [{ policyId, actor: 'user:a' }] })).toEqual({ compiled: 3, revised: 3 });
  return cost;
}

describe('the cost of a policy that reaches three clusters', () => {
  it('is the same in a fleet of 100, 1,000 and 10,000', async () => {
    const [small, medium, large] = [await costInFleetOf(100), await costInFleetOf(1_000), await costInFleetOf(10_000)];
    for (const cost of [medium, large]) {
      expect(cost).toMatchObject({ transactions: small.transactions, statements: small.statements, returned: small.returned, written: small.written });
    }
    expect(small.transactions).toBe(2);
    expect(small.statements).toBeLessThanOrEqual(20);
    expect(small.returned).toBeLessThanOrEqual(30);
    // 3 assignments, 3 more when compiled, 3 clusters, 3 states, 1 body; the policy, twice, and where it is found.
    expect(small.written).toBe(16);
    // A table of a few pages is read whole, because that is cheaper; a large one never is.
    expect(medium.read).toBeLessThan(200);
    expect(large.read).toBeLessThan(200);
  }, 120_000);
});
