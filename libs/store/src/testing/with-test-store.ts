import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { withDatabase } from '../connection/database-url.ts';
import type { Sql } from '../connection/sql.ts';
import { columnTypes } from '../connection/statement.ts';
import { startEmbeddedPostgres } from '../embedded/start-embedded-postgres.ts';
import type { EmbeddedPostgres } from '../embedded/start-embedded-postgres.ts';
import { migrate } from '../migrate/migrate.ts';
import { openStore } from '../store.ts';
import type { Store } from '../store.ts';
import { uuidv7 } from '../uuidv7.ts';

/** A store on a database of its own, for one spec file. */
export interface TestStore {
  readonly store: Store;
  /** URL of the database, as superuser: for processes under test (DATABASE_URL). */
  readonly url: string;
  /** As superuser, past row-level security: to arrange and to look. */
  readonly admin: Sql;
  /** A new organization; returns its id. */
  createOrganization(name?: string): Promise<string>;
  /** A second store on the same database, as another process has it. */
  openAnother(applicationName?: string): Promise<Store>;
  close(): Promise<void>;
}

let server: Promise<EmbeddedPostgres> | undefined;

/**
 * Real Postgres for a spec: one embedded server per test process, one migrated database per call (copied from a
 * template). Call `close()` in `afterAll`. The server ends with the process, for the next spec in it needs one too.
 */
export async function withTestStore(): Promise<TestStore> {
  server ??= startShared();
  const postgres = await server;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(postgres.url, (admin) => admin.query(`create database ${name} template template_meshfleet strategy file_copy`));
  const url = withDatabase(postgres.url, name);
  const pool = new pg.Pool({ connectionString: url, max: 2, types: columnTypes });
  pool.on('error', () => undefined);
  const store = await openStore({ databaseUrl: url, poolSize: 8, applicationName: 'test' });
  const others: Store[] = [];
  return {
    store,
    url,
    admin: {
      query: async <R extends object>(text: string, values: readonly unknown[] = []) => {
        const { rows, rowCount } = await pool.query<R>(text, [...values]);
        return { rows, rowCount: rowCount ?? 0 };
      },
    },
    async createOrganization(organizationName = 'Test') {
      const id = uuidv7(new Date(), randomBytes(10));
      await pool.query('insert into organization (id, slug, name) values ($1, $2, $3)', [id, `org-${id}`, organizationName]);
      return id;
    },
    async openAnother(applicationName = 'test-other') {
      const other = await openStore({ databaseUrl: url, poolSize: 8, applicationName });
      others.push(other);
      return other;
    },
    async close() {
      await Promise.all([store, ...others].map((opened) => opened.close()));
      await pool.end();
      await asAdmin(postgres.url, (admin) => admin.query(`drop database ${name} with (force)`));
    },
  };
}

async function startShared(): Promise<EmbeddedPostgres> {
  const dataDir = join(tmpdir(), `meshfleet-test-${randomBytes(6).toString('hex')}`);
  const postgres = await startEmbeddedPostgres({ dataDir, persistent: false });
  await asAdmin(postgres.url, (admin) => admin.query('create database template_meshfleet'));
  await migrate(withDatabase(postgres.url, 'template_meshfleet'));
  return postgres;
}

async function asAdmin(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: withDatabase(url, 'postgres') });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
