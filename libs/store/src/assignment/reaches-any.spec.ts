import { parseLabelSelector } from '@meshfleet/model';
import { NOWHERE, placementSchema } from '@meshfleet/planner';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { testFleet, type TestFleet } from '../testing/test-fleet.ts';
import { withTestStore, type TestStore } from '../testing/with-test-store.ts';
import { assignPolicy } from './assign-policy.ts';
import { reachesAny } from './reaches-any.ts';

let test: TestStore;
let fleet: TestFleet;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  fleet = testFleet(test, await test.createOrganization());
  await fleet.addClusters([{ name: 'a', labels: { env: 'prod', tier: '1' } }, { name: 'b', labels: { env: 'test' } }]);
});

const subject = { policyName: 'p', policyId: undefined };
const prod = placementSchema.parse({ clusterSelector: 'env=prod' });

it('selectors are asked of what a change reaches alone, and of what holds the policy', async () => {
  const selectors = ['', 'env=prod', 'tier=1', '!tier', 'env=test', 'meshfleet.io/name=a'].map(parseLabelSelector);
  const id = await fleet.applyPolicy({ name: 'p', objects: { 'ConfigMap/shop/a': 'h' }, placement: { clusterSelector: 'env=test' } });
  await test.store.transaction(fleet.organizationId, async (tx) => {
    expect(await reachesAny(tx, prod, subject, selectors)).toEqual([true, true, true, false, false, true]);
    expect(await reachesAny(tx, NOWHERE, subject, selectors)).toEqual([false, false, false, false, false, false]);
    await assignPolicy(tx, id);
    expect(await reachesAny(tx, NOWHERE, { policyName: 'p', policyId: id }, selectors)).toEqual([true, false, false, true, true, false]);
  });
});
