import { afterAll, beforeAll, expect, it } from 'vitest';
import { testFleet } from '../testing/test-fleet.ts';
import { withTestStore, type TestStore } from '../testing/with-test-store.ts';
import { readInventoryTexts, readIstioNamespaces, weighInventories } from './read-inventory.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

it('an inventory is weighed by its bytes, however well they pack, and read as a text only within bounds', async () => {
  const organizationId = await test.createOrganization();
  const [a = '', empty = ''] = await testFleet(test, organizationId).addClusters([{ name: 'a' }, { name: 'empty' }]);
  await test.admin.query(`insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) select $1, $2, 'Service/shop/s' || i, 'Service', 'shop', 's' || i, jsonb_build_object('x', repeat('a', 10000)) from generate_series(1, 5) i`, [organizationId, a]);
  const read = <T>(work: Parameters<typeof test.store.transaction<T>>[1]): Promise<T> => test.store.transaction(organizationId, work);
  const weights = await read((tx) => weighInventories(tx, [a, empty], ['Service'], 100));
  expect(weights.get(a)?.objects).toBe(5);
  expect(weights.get(a)?.bytes).toBeGreaterThan(50_000);
  expect(weights.get(empty)).toEqual({ objects: 0, bytes: 0 });
  expect((await read((tx) => weighInventories(tx, [a], null, 3))).get(a)?.objects).toBe(4);
  const textOf = async (bounds: { objects: number; bytes: number }, kinds: string[] | null = null) => (await read((tx) => readInventoryTexts(tx, [a, empty], kinds, bounds))).get(a)?.text;
  expect(JSON.parse((await textOf({ objects: 5, bytes: 60_000 })) ?? '')).toHaveLength(5);
  expect(await textOf({ objects: 4, bytes: 60_000 })).toBeNull();
  expect(await textOf({ objects: 5, bytes: 50_000 })).toBeNull();
  expect(await textOf({ objects: 0, bytes: 0 }, ['Gateway'])).toBe('[]');
});

it('namespaces of Istio are those of its control planes that the agent sees, not of Linkerd’s', async () => {
  const organizationId = await test.createOrganization();
  const [a = '', silent = ''] = await testFleet(test, organizationId).addClusters([{ name: 'a' }, { name: 'silent' }]);
  const meshes = [{ flavour: 'ISTIO', namespace: 'mesh' }, { flavour: 'ISTIO', namespace: 'mesh' }, { flavour: 'LINKERD', namespace: 'linkerd' }, { flavour: 'ISTIO', namespace: '' }];
  await test.admin.query('update cluster set facts = $2 where id = $1', [a, JSON.stringify({ meshes })]);
  await test.admin.query('update cluster set facts = $2 where id = $1', [silent, JSON.stringify({ meshes: 'none' })]);
  expect([...(await test.store.transaction(organizationId, (tx) => readIstioNamespaces(tx, [a, silent])))]).toEqual([[a, ['mesh']]]);
});
