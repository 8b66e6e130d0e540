import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testFleet } from '../testing/test-fleet.ts';
import { withTestStore, type TestStore } from '../testing/with-test-store.ts';
import { advancePolicyStatus } from './advance-policy-status.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

describe('the status of policies in clusters that have reported', () => {
  it('is looked up by their keys, however many clusters there are and however much others hold', async () => {
    const organizationId = await test.createOrganization();
    const ids = await testFleet(test, organizationId).addClusters(Array.from({ length: 500 }, (_, index) => ({ name: `c${index}` })));
    const told = ids.slice(0, 3);
    // Three hold five policies each, which are to be confirmed; the others a hundred.
    await test.admin.query(`insert into policy (id, organization_id, name, current_version, stable_version) select gen_random_uuid(), $1, 'p' || n, 1, 1 from generate_series(1, 100) n`, [organizationId]);
    await test.admin.query(
      `insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status, object_count)
       select $1, p.id, c.id, 1, 1, case when c.id = any($2::uuid[]) then 'PENDING' else 'APPLIED' end, 1
       from (select id, row_number() over () as n from policy where organization_id = $1) p cross join cluster c where c.organization_id = $1 and (p.n <= 5 or c.id <> all($2::uuid[]))`,
      [organizationId, told],
    );
    await test.admin.query('update cluster set acked_revision = 1, acked_epoch = 1 where organization_id = $1', [organizationId]);
    for (const table of ['cluster', 'policy', 'policy_cluster', 'organization']) await test.admin.query(`vacuum analyze ${table}`);
    const scanned = await test.store.transaction(organizationId, async (tx) => {
      expect((await advancePolicyStatus(tx, told, [])).policyIds).toHaveLength(5);
      const { rows } = await tx.query<{ table: string; rows: number }>(`select relname as table, seq_tup_read::int as rows from pg_stat_xact_user_tables where relname in ('cluster', 'policy_cluster') and seq_tup_read > 0`);
      return rows;
    });
    expect(scanned).toEqual([]);
  });
});
