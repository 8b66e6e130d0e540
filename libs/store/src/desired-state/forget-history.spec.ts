import { isForgettable } from '@meshfleet/planner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testFleet } from '../testing/test-fleet.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { forgetHistory } from './forget-history.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

const now = new Date('2026-11-23T12:00:00Z');

describe('forgetting history', () => {
  it('forgets exactly what the rule of the planner lets go, and bodies that nothing refers to any more', async () => {
    const organizationId = await test.createOrganization();
    const [clusterId] = await testFleet(test, organizationId).addClusters([{ name: 'a' }]);
    const history = Array.from({ length: 40 }, (_, index) => ({ revision: index + 1, createdAt: new Date(now.getTime() - (40 - index) * 86_400_000) }));
    await test.admin.query(`update cluster set desired_revision = 40 where id = $1`, [clusterId]);
    await test.admin.query(
      `insert into desired_state_body (organization_id, digest, body, created_at) select $1, 'd' || n, '{}', $2 from generate_series(1, 41) n`,
      [organizationId, history[0]?.createdAt],
    );
    await test.admin.query(
      `insert into desired_state (organization_id, cluster_id, revision, epoch, digest, object_count, tombstone_count, created_at)
       select $1, $2, w.revision, 1, 'd' || w.revision, 0, 0, w.at from unnest($3::bigint[], $4::timestamptz[]) as w (revision, at)`,
      [organizationId, clusterId, history.map((state) => state.revision), history.map((state) => state.createdAt)],
    );
    await test.admin.query(`insert into idempotency (organization_id, key, mutation, request_hash, response, created_at)
      values ($1, 'old', 'm', '', '{}', $2::timestamptz - interval '25 hours'), ($1, 'new', 'm', '', '{}', $2)`, [organizationId, now]);

    for (const rule of [{ keepRevisions: 30, keepDays: 35 }, { keepRevisions: 5, keepDays: 10 }, { keepRevisions: 0, keepDays: 0 }]) {
      for (let part = 1; part > 0; ) {
        const forgotten = await test.store.transaction(organizationId, (tx) => forgetHistory(tx, rule, now, 7));
        part = forgotten.states + forgotten.bodies;
      }
      const kept = history.filter((state) => !isForgettable(rule, state, 40, now)).map((state) => state.revision);
      const states = await test.admin.query<{ revision: number }>('select revision from desired_state where organization_id = $1 order by 1', [organizationId]);
      expect(states.rows.map((row) => row.revision)).toEqual(kept);
      const bodies = await test.admin.query('select from desired_state_body where organization_id = $1', [organizationId]);
      expect(bodies.rowCount).toBe(kept.length);
    }
    const answers = await test.admin.query<{ key: string }>('select key from idempotency where organization_id = $1', [organizationId]);
    expect(answers.rows).toEqual([{ key: 'new' }]);
  });

  it('forgets schemas that no cluster serves any more, once they are an hour old', async () => {
    const organizationId = await test.createOrganization();
    const [clusterId] = await testFleet(test, organizationId).addClusters([{ name: 'a' }, { name: 'b' }]);
    await test.admin.query(`update cluster set facts = '{"kindSchemas": {"Thing.example.com": "served"}}' where id = $1`, [clusterId]);
    await test.admin.query(
      `insert into kind_schema (organization_id, digest, body, size, created_at)
       values ($1, 'served', '{}', 2, $2::timestamptz - interval '2 hours'), ($1, 'gone', '{}', 2, $2::timestamptz - interval '2 hours'), ($1, 'new', '{}', 2, $2)`,
      [organizationId, now],
    );
    await test.store.transaction(organizationId, (tx) => forgetHistory(tx, { keepRevisions: 5, keepDays: 10 }, now, 7));
    const { rows } = await test.admin.query<{ digest: string }>('select digest from kind_schema where organization_id = $1 order by 1', [organizationId]);
    expect(rows.map(({ digest }) => digest)).toEqual(['new', 'served']);
  });

  it('forgets renderings that no cluster was given, once they are a day old', async () => {
    const organizationId = await test.createOrganization();
    const fleet = testFleet(test, organizationId);
    const [clusterId] = await fleet.addClusters([{ name: 'a' }]);
    const policyId = await fleet.applyPolicy({ name: 'p', clusterSelector: '', template: { objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${cluster.name}', namespace: 'shop' } }] } });
    await test.admin.query(`insert into policy_cluster (organization_id, policy_id, cluster_id, version, status, rendering) values ($1, $2, $3, 1, 'APPLIED', 'held') on conflict (cluster_id, policy_id) do update set rendering = 'held'`, [organizationId, policyId, clusterId]);
    await test.admin.query(
      `insert into policy_rendering (organization_id, policy_id, version, rendering, objects, created_at) select $1, $2, 1, name, '[]', $3::timestamptz - age
       from (values ('held', interval '3 days'), ('old', interval '25 hours'), ('older', interval '3 days'), ('new', interval '23 hours')) as r (name, age)`,
      [organizationId, policyId, now],
    );
    const forgotten = await test.store.transaction(organizationId, (tx) => forgetHistory(tx, { keepRevisions: 5, keepDays: 10 }, now, 1));
    expect(forgotten.renderings).toBe(1);
    await test.store.transaction(organizationId, (tx) => forgetHistory(tx, { keepRevisions: 5, keepDays: 10 }, now, 7));
    const { rows } = await test.admin.query<{ rendering: string }>('select rendering from policy_rendering where organization_id = $1 order by 1', [organizationId]);
    expect(rows.map(({ rendering }) => rendering)).toEqual(['held', 'new']);
  });
});
