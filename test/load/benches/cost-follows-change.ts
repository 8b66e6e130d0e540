import { openStore } from '@meshfleet/store';
import { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchContext } from '../harness/bench.ts';
import { openHub, type OpenHub } from '../harness/open-hub.ts';
import { applyPolicy, timeoutPolicy } from '../harness/policy.ts';
import { figure, type Figure } from '../harness/statistics.ts';

const FLEETS = [100, 1_000, 10_000] as const;
const PUSHES = 5;

interface Cost {
  readonly rows: number;
  readonly transactions: number;
}

export const p10: Bench = {
  id: 'P10',
  title: 'One policy that matches 3 clusters, in fleets of 100, 1,000 and 10,000',
  setup: `clusters written by SQL, none connected; Postgres' own counters (rows read by scans and indexes, written; transactions) around one new version, minus those of an idle interval as long; median of ${PUSHES}`,
  async run(context): Promise<readonly Figure[]> {
    const figures: Figure[] = [];
    for (const size of FLEETS) figures.push(...(await measure(context, size)));
    return figures;
  },
};

async function measure(context: BenchContext, size: number): Promise<readonly Figure[]> {
  const open = await openHub(context.root);
  const admin = new Client({ connectionString: open.hub.databaseUrl });
  await admin.connect();
  try {
    await fillFleet(open, admin, size);
    await applyPolicy(open.client, timeoutPolicy('three', 1, 'bench=three'));
    await sleep(2_000);
    const costs: Cost[] = [];
    for (let push = 2; push < PUSHES + 2; push += 1) {
      const idle = await costOf(admin, () => sleep(2_000));
      const busy = await costOf(admin, async () => {
        await applyPolicy(open.client, timeoutPolicy('three', push, 'bench=three'));
        await sleep(2_000);
      });
      costs.push({ rows: busy.rows - idle.rows, transactions: busy.transactions - idle.transactions });
    }
    context.say(`${size} clusters: ${costs.map(({ rows, transactions }) => `${rows} rows in ${transactions} transactions`).join('; ')}`);
    return [
      figure(`rows, fleet of ${size}`, '', costs.map(({ rows }) => rows)),
      figure(`transactions, fleet of ${size}`, '', costs.map(({ transactions }) => transactions)),
    ];
  } finally {
    await admin.end();
    await open.close();
  }
}

async function costOf(admin: Client, work: () => Promise<void>): Promise<Cost> {
  const before = await counters(admin);
  await work();
  const after = await counters(admin);
  return { rows: after.rows - before.rows, transactions: after.transactions - before.transactions };
}

async function counters(admin: Client): Promise<Cost> {
  // Statistics reach the shared counters within a second of the transaction that made them.
  await sleep(1_200);
  await admin.query('select pg_stat_clear_snapshot()');
  const { rows } = await admin.query<{ rows: string; transactions: string }>(
    `select (select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) + n_tup_ins + n_tup_upd + n_tup_del)
               from pg_stat_user_tables where schemaname = 'public') as rows,
            (select xact_commit from pg_stat_database where datname = current_database()) as transactions`,
  );
  return { rows: Number(rows[0]?.rows), transactions: Number(rows[0]?.transactions) };
}

async function fillFleet(open: OpenHub, admin: Client, size: number): Promise<void> {
  const { rows } = await admin.query<{ id: string }>('select id from organization');
  const organizationId = rows[0]?.id ?? '';
  const store = await openStore({ databaseUrl: open.hub.databaseUrl });
  try {
    await store.transaction(organizationId, async (tx) => {
      await tx.query(
        `insert into cluster (id, organization_id, uid, name, labels, lifecycle, sign_kid, sign_public_jwk, seal_public_jwk, last_seen_at)
         select gen_random_uuid(), $1, gen_random_uuid()::text, 'bench-' || n,
                jsonb_build_object('env', 'bench', 'bench', case when n <= 3 then 'three' else 'other' end),
                'ACTIVE', 'none', '{}', '{}', now()
         from generate_series(1, $2::int) n`,
        [organizationId, size],
      );
    });
  } finally {
    await store.close();
  }
  await admin.query('analyze');
}
