import { startEmbeddedPostgres } from '@meshfleet/store';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** What Postgres has done for the product: its own counters. */
export interface DatabaseCost {
  readonly statements: number;
  /** Rows that statements returned or wrote. */
  readonly rows: number;
  /** Rows that tables and indexes handed to the executor. */
  readonly read: number;
  /** Of those, by scans of whole tables. */
  readonly scanned: number;
  /** Rows inserted, updated and deleted. */
  readonly written: number;
  /** Of pages, from memory or disk. */
  readonly kilobytesTouched: number;
  /** Of the write-ahead log. */
  readonly kilobytesLogged: number;
  readonly milliseconds: number;
}

export interface CountedPostgres {
  readonly url: string;
  readonly admin: Client;
  /** What work costs beyond what an idle interval as long costs. */
  costOf(work: () => Promise<void>): Promise<DatabaseCost>;
  close(): Promise<void>;
}

/** A Postgres of its own that counts statements. */
export async function openCountedPostgres(): Promise<CountedPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'meshfleet-bench-postgres-'));
  // Postgres runs as a user of its own.
  chmodSync(folder, 0o755);
  const options = { dataDir: join(folder, 'postgres'), persistent: true };
  const first = await startEmbeddedPostgres(options);
  await withClient(first.url, (client) => client.query(`alter system set shared_preload_libraries = 'pg_stat_statements'`));
  await first.stop();
  const postgres = await startEmbeddedPostgres(options);
  const admin = new Client({ connectionString: postgres.url });
  await admin.connect();
  await admin.query('create extension pg_stat_statements');
  return {
    url: postgres.url,
    admin,
    costOf: async (work) => {
      const started = performance.now();
      const before = await counters(admin);
      await work();
      const took = performance.now() - started;
      const middle = await counters(admin);
      await sleep(took);
      const after = await counters(admin);
      return subtract(subtract(middle, before), subtract(after, middle));
    },
    close: async () => {
      await admin.end();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function withClient(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await work(client);
  await client.end();
}

async function counters(admin: Client): Promise<DatabaseCost> {
  // Statistics reach the shared counters within a second of the transaction that made them.
  await sleep(1_200);
  await admin.query('select pg_stat_clear_snapshot()');
  // By the roles of the product: queues poll by themselves, as whoever owns the database.
  const { rows } = await admin.query<DatabaseCost>(
    `select s.*, t.* from (
       select sum(calls)::float8 as statements, sum(rows)::float8 as rows, sum(shared_blks_hit + shared_blks_read)::float8 * 8 as "kilobytesTouched",
         sum(wal_bytes)::float8 / 1024 as "kilobytesLogged", sum(total_exec_time)::float8 as milliseconds
       from pg_stat_statements where userid in (select oid from pg_roles where rolname in ('meshfleet_app', 'meshfleet_relay'))) s cross join (
       select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 as read, sum(coalesce(seq_tup_read, 0))::float8 as scanned,
         sum(n_tup_ins + n_tup_upd + n_tup_del)::float8 as written from pg_stat_user_tables where schemaname = 'public') t`,
  );
  const [row] = rows;
  if (row === undefined) throw new TypeError('Postgres has no counters');
  return row;
}

function subtract(a: DatabaseCost, b: DatabaseCost): DatabaseCost {
  return {
    statements: a.statements - b.statements,
    rows: a.rows - b.rows,
    read: a.read - b.read,
    scanned: a.scanned - b.scanned,
    written: a.written - b.written,
    kilobytesTouched: a.kilobytesTouched - b.kilobytesTouched,
    kilobytesLogged: a.kilobytesLogged - b.kilobytesLogged,
    milliseconds: a.milliseconds - b.milliseconds,
  };
}
