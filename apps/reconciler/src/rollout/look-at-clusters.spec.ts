import { MeshfleetError } from '@meshfleet/model';
import { testFleet, withTestStore } from '@meshfleet/store';
import type { Store, TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLook } from './look-at-clusters.ts';

const NOW = new Date();
let test: TestStore;
let organizationId: string;
let ids: string[];
beforeAll(async () => {
  test = await withTestStore();
  organizationId = await test.createOrganization();
  ids = await testFleet(test, organizationId).addClusters([{ name: 'a' }, { name: 'b' }]);
  // Each route leads to a service that is in the other cluster, or nowhere.
  await test.admin.query(
    `insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body)
     select $1, $2, 'VirtualService.networking.istio.io/shop/v' || i, 'VirtualService', 'shop', 'v' || i,
       jsonb_build_object('apiVersion', 'networking.istio.io/v1', 'spec', jsonb_build_object('hosts', jsonb_build_array('h' || i || '.example.com'), 'http', jsonb_build_array(jsonb_build_object('route',
         jsonb_build_array(jsonb_build_object('destination', jsonb_build_object('host', case when i % 500 = 0 then 'nowhere' else 'elsewhere' end)))))))
     from generate_series(1, 5000) i`,
    [organizationId, ids[0]],
  );
  await test.admin.query(`insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) values ($1, $2, 'Service/shop/elsewhere', 'Service', 'shop', 'elsewhere', '{"ports": [{"port": 80, "name": "http"}]}')`, [organizationId, ids[1]]);
  await test.admin.query(`update cluster set mesh = 'shop', inventory_seq = 7, inventoried_revision = 3 where organization_id = $1`, [organizationId]);
});
afterAll(() => test.close());

describe('a look at clusters', () => {
  it('finds their errors, knows what the rest of the mesh has, and says in which inventory', async () => {
    const looks = await createLook({ store: test.store })(organizationId, ids, NOW);
    expect([...looks.keys()]).toEqual(ids);
    const { errors, ...about } = looks.get(ids[0] ?? '') ?? { errors: [] };
    expect(about).toEqual({ seq: 7, shows: 3, unread: [], unknown: null });
    expect(errors.filter(({ code }) => code === 'IST0101')).toHaveLength(10);
    expect(looks.get(ids[1] ?? '')?.errors).toEqual([]);
  });

  it('leaves the event loop to heartbeats and locks of jobs', async () => {
    const look = createLook({ store: test.store });
    await look(organizationId, ids, NOW);
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await look(organizationId, ids, NOW);
    clearInterval(timer);
    // Done in place, hardly a turn comes between question and answer.
    expect(turns).toBeGreaterThan(20);
  });

  it('says of a cluster that has too much what to do about it, which is not what a change at once does', async () => {
    const [huge = ''] = await testFleet(test, organizationId).addClusters([{ name: 'huge' }]);
    await test.admin.query(`insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) select $1, $2, 'Service/shop/' || i, 'Service', 'shop', i, '{}' from generate_series(1, 100001) i`, [organizationId, huge]);
    const looks = await createLook({ store: test.store })(organizationId, [huge], NOW);
    expect(looks.get(huge)?.unknown).toBe('The cluster has too much to be analysed: of the kinds that are looked at it has more than 100,000 objects or 64 MiB. Put it in a wave whose gates say findings: false.');
  });

  it('takes a store that cannot be reached for no answer of the analysis', async () => {
    const unreachable = new MeshfleetError({ code: 'STORE_UNAVAILABLE', summary: 'gone' });
    // A store is a dozen functions, of which one is asked.
    const store = { transaction: () => Promise.reject(unreachable) } as unknown as Store;
    await expect(createLook({ store })(organizationId, ids, NOW)).rejects.toBe(unreachable);
  });
});
