import { randomUUID } from 'node:crypto';
import { startTestApi, type TestApi } from '../../apps/api/src/testing/test-api.ts';
import { formatGlobalId } from '../../apps/api/src/graphql/global-id.ts';
import { manifest } from '../../apps/api/src/testing/populate.ts';
import { applyClusterChanges } from '../../apps/reconciler/src/events/apply-cluster-changes.ts';
import { applyPolicyChanges } from '../../apps/reconciler/src/events/apply-policy-changes.ts';
import { runRollout } from '../../apps/reconciler/src/rollout/run-rollout.ts';
import { counting, type Cost } from '../../apps/reconciler/src/testing/counting-store.fixture.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Store } from '@meshfleet/store';

const HELD_BY_TOUCHED = 10;
const TABLES = ['cluster', 'cluster_label', 'policy', 'policy_anchor', 'policy_version', 'policy_cluster', 'object_content', 'desired_state', 'desired_state_body', 'rollout', 'rollout_cluster', 'outbox', 'audit_event'];

let api: TestApi;
let counted: { store: Store; cost: Cost };
beforeAll(async () => {
  api = await startTestApi({}, (store) => {
    counted = counting(store);
    return counted.store;
  });
});
afterAll(() => api.close());

interface Costs {
  readonly edit: Cost;
  readonly preview: Cost;
  readonly rollout: Cost;
  /** A cluster leaves the ones that are touched, and joins others. */
  readonly labels: Cost;
}

/** What changes of one policy cost that touches three clusters, among so many policies and clusters; each of the three holds ten others. */
async function costsAmong(count: number): Promise<Costs> {
  // Another one at a second try.
  const name = `${count}-${randomUUID().slice(0, 8)}`;
  const { id, token } = await api.organization(`owner-${name}`, `among-${name}`);
  await fill(id, count);
  await analyze();
  const ask = async (text: string, variables: object): Promise<void> => {
    const { data, errors } = await api.query<Record<string, { userErrors: object[] }>>(token, text, variables);
    expect(errors).toEqual([]);
    for (const { userErrors } of Object.values(data)) expect(userErrors).toEqual([]);
  };
  const apply = (mode: string, more: object = {}): Promise<void> =>
    ask('mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { message } } }', { input: { name: 'edited', manifests: manifest('edited', mode), placement: { clusterSelector: 'group=touched' }, ...more } });
  const reconcile = async (store: Store): Promise<void> => {
    const { rows } = await api.db.admin.query<{ id: string }>(`select id from policy where organization_id = $1 and name = 'edited'`, [id]);
    await applyPolicyChanges(store, { organizationId: id, changes: rows.map((row) => ({ policyId: row.id, actor: 'user:a' })) });
  };
  const measured = async (work: () => Promise<void>): Promise<Cost> => {
    await analyze();
    Object.assign(counted.cost, { transactions: 0, statements: 0, returned: 0, written: 0, read: 0 });
    await work();
    return { ...counted.cost };
  };

  await apply('STRICT');
  await reconcile(api.db.store);
  const edit = await measured(async () => {
    await apply('PERMISSIVE');
    await reconcile(counted.store);
  });
  const preview = await measured(() =>
    ask('query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { userErrors { message } totals { changedClusters } clusters(first: 10) { nodes { changed diff { changed { key diff } } } } } }', {
      apply: { name: 'edited', manifests: manifest('edited', 'STRICT'), placement: { clusterSelector: 'group=touched' } },
    }),
  );
  const rollout = await measured(async () => {
    await apply('STRICT', { rollout: { waves: [{ count: 1 }, { count: 1 }] } });
    const { rows } = await api.db.admin.query<{ id: string }>('select id from rollout where organization_id = $1', [id]);
    await runRollout({ store: counted.store, now: () => new Date(), callWebhook: () => Promise.reject(new TypeError('nobody is called')) }, id, rows[0]?.id ?? '');
  });
  const label = async (store: Store, name: string, group: string): Promise<void> => {
    const { rows } = await api.db.admin.query<{ id: string }>('select id from cluster where organization_id = $1 and name = $2', [id, name]);
    const clusterId = rows[0]?.id ?? '';
    await ask('mutation ($input: ClusterUpdateInput!) { clusterUpdate(input: $input) { userErrors { message } } }', { input: { id: formatGlobalId({ type: 'Cluster', id: clusterId }), labels: [{ key: 'group', value: group }] } });
    await applyClusterChanges(store, { organizationId: id, changes: [{ clusterId, reason: 'LABELS', actor: 'user:a' }] });
  };
  // Where the policies are to be found is noted by the first who looks for it, once.
  await label(api.db.store, 'c4', 'g1');
  const labels = await measured(() => label(counted.store, 'c3', 'g2'));
  const { rows } = await api.db.admin.query<{ version: number | null }>("select x.version from policy_cluster x join cluster c on c.id = x.cluster_id where c.organization_id = $1 and c.name = 'c3'", [id]);
  // Those of the touched ones are withdrawn, and two others have come; of the edited one its rollout has the word.
  expect([rows.filter(({ version }) => version === null).length, rows.filter(({ version }) => version !== null).length]).toEqual([HELD_BY_TOUCHED, 3]);
  return { edit, preview, rollout, labels };
}

async function analyze(): Promise<void> {
  for (const table of TABLES) await api.db.admin.query(`vacuum analyze ${table}`);
}

/** As many clusters as policies, in threes with three policies each, all in place; three of them hold ten. */
async function fill(organizationId: string, count: number): Promise<void> {
  const groups = Math.floor(count / 3);
  await api.db.admin.query(
    `insert into cluster (id, organization_id, uid, name, labels, lifecycle, sign_kid, sign_public_jwk, seal_public_jwk, last_seen_at, placed)
     select gen_random_uuid(), $1, gen_random_uuid()::text, 'c' || n, jsonb_build_object('group', case when n <= 3 then 'touched' else 'g' || (n % $3) end), 'ACTIVE', 'kid', '{}', '{}', now(), true from generate_series(1, $2::int) n`,
    [organizationId, count, groups],
  );
  await api.db.admin.query(
    `with made as (insert into policy (id, organization_id, name, current_version, stable_version, placed) select gen_random_uuid(), $1, 'filler-' || n, 1, 1, true from generate_series(1, $2::int) n returning id, name),
     numbered as (select id, split_part(name, '-', 2)::int as n from made)
     insert into policy_version (organization_id, policy_id, version, manifests, objects, placement, drift, conflicts, created_by)
     select $1, id, 1, '', jsonb_build_array(jsonb_build_object('key', 'ConfigMap/shop/filler-' || n, 'hash', 'h' || n)),
       jsonb_build_object('clusterSelector', 'group=' || case when n <= $3 then 'touched' else 'g' || (n % $4) end), 'CORRECT', 'REPORT', 'user:a' from numbered`,
    [organizationId, count, HELD_BY_TOUCHED, groups],
  );
  await api.db.admin.query(
    `insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status, object_count)
     select $1, v.policy_id, c.id, 1, 1, 'APPLIED', 1 from policy_version v join cluster c on c.organization_id = $1 and v.placement->>'clusterSelector' = 'group=' || (c.labels->>'group') where v.organization_id = $1`,
    [organizationId],
  );
}

it('an edit of a policy, its preview and its rollout, and new labels of a cluster cost what they touch, whatever the number of policies and clusters', async () => {
  const [few, many] = [await costsAmong(300), await costsAmong(3_000)];
  for (const what of ['edit', 'preview', 'rollout', 'labels'] as const) {
    const { transactions, statements, returned, written } = few[what];
    expect(many[what], what).toMatchObject({ transactions, statements, returned, written });
    // No table is read whole: each has 3,000 rows there. Postgres may choose between indexes, and at times counts a transaction's rows too late to be seen.
    expect(many[what].read, `${what}: ${JSON.stringify([few[what], many[what]])}`).toBeLessThan(1_500);
  }
  // Of a change of labels no table is read whole that grows with the fleet.
  expect(many.labels.read).toBeLessThan(500);
}, 300_000);
