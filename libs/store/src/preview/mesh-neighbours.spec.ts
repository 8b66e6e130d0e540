import { afterAll, beforeAll, expect, it } from 'vitest';
import { testFleet } from '../testing/test-fleet.ts';
import { withTestStore, type TestStore } from '../testing/with-test-store.ts';
import { neighboursIn, readMeshHoldings, readMeshesOf } from './mesh-neighbours.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

it('the neighbours of a cluster are what other clusters of its mesh have, and nothing that it has alone, of other meshes or tenants', async () => {
  const [organizationId, foreign] = [await test.createOrganization(), await test.createOrganization()];
  const [a = '', b = '', other = '', alone = ''] = await testFleet(test, organizationId).addClusters(['a', 'b', 'other', 'alone'].map((name) => ({ name })));
  const [theirs = ''] = await testFleet(test, foreign).addClusters([{ name: 'a' }]);
  const join = (id: string, mesh: string) => test.admin.query('update cluster set mesh = $2 where id = $1', [id, mesh]);
  const has = (organization: string, id: string, key: string, kind: string, namespace: string, name: string) =>
    test.admin.query('insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) values ($1, $2, $3, $4, $5, $6, $7)', [organization, id, key, kind, namespace, name, '{}']);
  for (const [id, mesh] of [[a, 'shop'], [b, 'shop'], [other, 'bank'], [theirs, 'shop']] as const) await join(id, mesh);
  await has(organizationId, a, 'Service/web/own', 'Service', 'web', 'own');
  await has(organizationId, b, 'Service/shop/reviews', 'Service', 'shop', 'reviews');
  await has(organizationId, b, 'Namespace/jobs', 'Namespace', '', 'jobs');
  for (const id of [a, b]) await has(organizationId, id, 'Service/web/shared', 'Service', 'web', 'shared');
  await has(organizationId, other, 'Service/bank/ledger', 'Service', 'bank', 'ledger');
  await has(foreign, theirs, 'Service/evil/door', 'Service', 'evil', 'door');
  const found = await test.store.transaction(organizationId, async (tx) => {
    const clusters = [a, other, alone];
    const meshes = await readMeshesOf(tx, clusters);
    expect(meshes).toEqual(['shop', 'bank', null]);
    const [shop, bank] = await readMeshHoldings(tx, ['shop', 'bank']);
    return [neighboursIn(shop ?? { parts: [] }, a), neighboursIn(bank ?? { parts: [] }, other)];
  });
  const nothing = { hostsElsewhere: new Set(), namespacesElsewhere: new Set() };
  expect(found).toEqual([{ hostsElsewhere: new Set(['reviews.shop.svc.cluster.local', 'shared.web.svc.cluster.local']), namespacesElsewhere: new Set(['jobs', 'shop', 'web']) }, nothing]);
});
