import { place, placementSchema } from '@meshfleet/planner';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testFleet } from '../testing/test-fleet.ts';
import type { FleetPolicy, TestFleet } from '../testing/test-fleet.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { assignClusters } from './assign-clusters.ts';
import { assignPolicy } from './assign-policy.ts';
import { findNearPolicies } from './policy-anchors.ts';

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
const relabel = async (clusterId: string, labels: Record<string, string>) => {
  await fleet.changeCluster(clusterId, 'LABELS', { labels });
  await test.store.transaction(fleet.organizationId, (tx) => assignClusters(tx, [clusterId]));
};
const near = async (anchors: readonly string[], clusterIds: readonly string[] = []) => (await test.store.transaction(fleet.organizationId, (tx) => findNearPolicies(tx, anchors, clusterIds))).map(({ policyId }) => policyId).sort();
const held = async () => (await fleet.policyClusters()).filter(({ version }) => version !== null).map(({ policyId }) => policyId).sort();

describe('the policies of a cluster', () => {
  it('are found by what they ask for once they are placed, and whatever they ask for before', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const prod = await fleet.applyPolicy({ name: 'prod', objects, clusterSelector: 'env=prod' });
    const all = await fleet.applyPolicy({ name: 'all', objects, clusterSelector: '' });
    expect(await near(['env=test'])).toEqual([prod, all].sort());
    await assign(prod);
    await assign(all);
    expect([await near(['env=test']), await near(['env=prod']), await near([''])]).toEqual([[], [prod], [all]]);
    // What a cluster holds is among them, whatever it has become.
    expect(await near([], [a])).toEqual([all]);
  });

  it('are found by the version that is placed, and no more when they are gone', async () => {
    const policy = await fleet.applyPolicy({ name: 'p', objects, clusterSelector: 'env=prod' });
    await assign(policy);
    await fleet.applyPolicy({ name: 'p', objects, clusterSelector: 'env=test' });
    expect(await near([])).toEqual([policy]);
    await assign(policy);
    expect([await near(['env=prod']), await near(['env=test'])]).toEqual([[], [policy]]);
    await fleet.deletePolicy(policy);
    expect(await near(['env=test'])).toEqual([]);
    await assign(policy);
    expect((await test.admin.query('select from policy_anchor where policy_id = $1', [policy])).rowCount).toBe(0);
  });

  it('are noted by the first who looks for them, where nobody has noted them before', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', objects, clusterSelector: 'env=prod' });
    await assign(policy);
    await test.admin.query('delete from policy_anchor where organization_id = $1', [fleet.organizationId]);
    await test.admin.query('update policy set anchored_version = null where organization_id = $1', [fleet.organizationId]);
    await relabel(a, { env: 'test' });
    expect([await near(['env=test']), await near(['env=prod'])]).toEqual([[], [policy]]);
    await relabel(a, { env: 'prod' });
    expect(await held()).toEqual([policy]);
  });

  it('are exactly those that select it, after any change of its labels', async () => {
    const pick = <T>(from: readonly T[], at: number): T | undefined => from[at % from.length];
    const selectors = ['env=prod', 'env in (prod,test)', 'team', '!team', 'env!=prod', 'env=prod,team=a', 'cores>4', '', 'team=b,env notin (dev)', 'meshfleet.io/name=a'];
    const policies: { id: string; placement: Pick<FleetPolicy, 'clusterSelector' | 'clusterNames' | 'placement'> }[] = [];
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    for (const [index, clusterSelector] of selectors.entries()) {
      const placement = index % 4 === 3 ? { clusterSelector, placement: { excludeClusterNames: ['a'] } } : { clusterSelector };
      const id = await fleet.applyPolicy({ name: `p${index}`, objects, ...placement });
      policies.push({ id, placement });
      // Some have not been placed yet when the cluster is looked at.
      if (index % 3 !== 2) await assign(id);
    }
    policies.push({ id: await fleet.applyPolicy({ name: 'named', objects, clusterNames: ['a'] }), placement: { clusterNames: ['a'] } });
    for (let round = 0; round < 24; round += 1) {
      const [env, team, cores] = [pick([undefined, 'prod', 'test', 'dev'], round), pick([undefined, 'a', 'b'], round), pick([undefined, '7', 'many', '3', '9'], round)];
      const labels = Object.fromEntries(Object.entries({ env, team, cores }).filter((entry): entry is [string, string] => entry[1] !== undefined));
      await relabel(a, labels);
      const cluster = { name: 'a', labels, region: null, zone: null, network: null, mesh: null };
      const selected = policies.filter(({ placement: { placement, ...rest } }) => place(placementSchema.parse({ ...rest, ...placement }), cluster).selected);
      expect(await held(), JSON.stringify(labels)).toEqual(selected.map(({ id }) => id).sort());
    }
  });
});
