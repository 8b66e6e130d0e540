import { afterAll, beforeAll, expect, it } from 'vitest';
import { testFleet } from '../testing/test-fleet.ts';
import { withTestStore, type TestStore } from '../testing/with-test-store.ts';
import { readInventories, readIstioNamespaces } from './read-inventory.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

it('kinds of an inventory are told apart by their groups', async () => {
  const organizationId = await test.createOrganization();
  const [a = ''] = await testFleet(test, organizationId).addClusters([{ name: 'a' }]);
  for (const key of ['Service/shop/web', 'Gateway.networking.istio.io/shop/web', 'Gateway.example.com/shop/web']) {
    await test.admin.query('insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) values ($1, $2, $3, $4, $5, $6, $7)', [organizationId, a, key, key.split(/[./]/)[0], 'shop', 'web', '{}']);
  }
  const keys = async (kinds?: string[]) => (await test.store.transaction(organizationId, (tx) => readInventories(tx, [a], kinds))).get(a)?.map(({ key }) => key).sort();
  expect(await keys(['Gateway.networking.istio.io', 'Service'])).toEqual(['Gateway.networking.istio.io/shop/web', 'Service/shop/web']);
  expect(await keys()).toHaveLength(3);
});

it('namespaces of Istio are those of its control planes that the agent sees, not of Linkerd’s', async () => {
  const organizationId = await test.createOrganization();
  const [a = '', silent = ''] = await testFleet(test, organizationId).addClusters([{ name: 'a' }, { name: 'silent' }]);
  const meshes = [{ flavour: 'ISTIO', namespace: 'mesh' }, { flavour: 'ISTIO', namespace: 'mesh' }, { flavour: 'LINKERD', namespace: 'linkerd' }, { flavour: 'ISTIO', namespace: '' }];
  await test.admin.query('update cluster set facts = $2 where id = $1', [a, JSON.stringify({ meshes })]);
  await test.admin.query('update cluster set facts = $2 where id = $1', [silent, JSON.stringify({ meshes: 'none' })]);
  expect([...(await test.store.transaction(organizationId, (tx) => readIstioNamespaces(tx, [a, silent])))]).toEqual([[a, ['mesh']]]);
});
