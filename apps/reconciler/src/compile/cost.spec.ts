import { testFleet, withTestStore } from '@meshfleet/store';
import type { Store, TestStore, Tx } from '@meshfleet/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

interface Cost {
  readonly transactions: number;
  readonly statements: number;
  /** Rows that statements returned. */
  readonly returned: number;
  /** Rows inserted, updated and deleted. */
  readonly written: number;
  /** Rows that tables and indexes handed to the executor. */
  readonly read: number;
}

// What this session has done and not yet reported to the cumulative counters, which lag: exact within a transaction.
const DONE = `select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint as read,
    coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint as written
  from pg_stat_xact_user_tables where schemaname = 'public'`;

async function done(tx: Tx): Promise<{ read: number; written: number }> {
  const { rows } = await tx.query<{ read: number; written: number }>(DONE);
  return rows[0] ?? { read: 0, written: 0 };
}

/** The same store, which counts. */
function counting(store: Store): { store: Store; cost: Cost } {
  const cost = { transactions: 0, statements: 0, returned: 0, written: 0, read: 0 };
  const counted: Store = {
    ...store,
    transaction: (organizationId, work, options) => {
      cost.transactions += 1;
      return store.transaction(
        organizationId,
        async (tx) => {
          const before = await done(tx);
          const result = await work({
            organizationId,
            notify: (channel, payload) => tx.notify(channel, payload),
            send: (text, values) => {
              cost.statements += 1;
              tx.send(text, values);
            },
            query: async <R extends object>(text: string, values?: readonly unknown[]) => {
              cost.statements += 1;
              const answer = await tx.query<R>(text, values);
              cost.returned += answer.rows.length;
              return answer;
            },
          });
          const after = await done(tx);
          cost.read += after.read - before.read;
          cost.written += after.written - before.written;
          return result;
        },
        options,
      );
    },
  };
  return { store: counted, cost };
}

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
    // 3 assignments, 3 more when compiled, 3 clusters, 3 states, 1 body, 1 policy.
    expect(small.written).toBe(14);
    // A table of a few pages is read whole, because that is cheaper; a large one never is.
    expect(medium.read).toBeLessThan(200);
    expect(large.read).toBeLessThan(200);
  }, 120_000);
});
