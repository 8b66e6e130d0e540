import { createHash, randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withDatabase } from '../connection/database-url.ts';
import { openStore } from '../store.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { migrate } from './migrate.ts';
import { readMigrations } from './migration-files.ts';
import type { Migration } from './migration-files.ts';

let t: TestStore;
beforeAll(async () => {
  t = await withTestStore();
});
afterAll(() => t.close());

/** A new, empty database; returns its URL. */
async function emptyDatabase(): Promise<string> {
  const name = `migrate_${randomBytes(5).toString('hex')}`;
  await t.admin.query(`create database ${name}`);
  return withDatabase(t.url, name);
}

async function rowsOf<R extends object>(url: string, text: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(text)).rows;
  } finally {
    await client.end();
  }
}

const fake = (name: string, sql: string): Migration => ({ name, sql, checksum: createHash('sha256').update(sql).digest('hex') });
const files = readMigrations();
const names = files.map((file) => file.name);

describe('migrate', () => {
  it('applies what is missing, in order, and nothing the second time', async () => {
    const url = await emptyDatabase();
    expect(await migrate(url)).toEqual({ applied: names, alreadyThere: 0 });
    expect(await migrate(url)).toEqual({ applied: [], alreadyThere: names.length });
    const more = fake('99990101000000_more', 'create table more (id int)');
    expect(await migrate(url, { migrations: [...files, more] })).toEqual({ applied: [more.name], alreadyThere: names.length });
  });

  it('applies each migration once when ten processes start at the same time', async () => {
    const url = await emptyDatabase();
    const results = await Promise.all(Array.from({ length: 10 }, () => migrate(url)));
    expect(results.flatMap((result) => result.applied)).toEqual(names);
  });

  it('migrates two new databases of one server at the same time, whose roles are shared', async () => {
    const urls = await Promise.all([emptyDatabase(), emptyDatabase(), emptyDatabase()]);
    const results = await Promise.all(urls.map((url) => migrate(url)));
    expect(results.map((result) => result.applied.length)).toEqual([names.length, names.length, names.length]);
  });

  it('keeps the ledger of Prisma Migrate: its columns, SHA-256 of the files, finished, one step each', async () => {
    const url = await emptyDatabase();
    await migrate(url);
    const ledger = await rowsOf(url, `select migration_name as name, checksum, finished_at is not null as finished, rolled_back_at, logs, applied_steps_count as steps from _prisma_migrations order by started_at`);
    expect(ledger).toEqual(files.map((file) => ({ name: file.name, checksum: file.checksum, finished: true, rolled_back_at: null, logs: null, steps: 1 })));
    const columns = await rowsOf<{ column: string }>(
      url,
      `select column_name || ' ' || udt_name || coalesce('(' || character_maximum_length || ')', '') || ' ' || is_nullable as column from information_schema.columns where table_name = '_prisma_migrations' order by ordinal_position`,
    );
    expect(columns.map((row) => row.column)).toEqual([
      'id varchar(36) NO',
      'checksum varchar(64) NO',
      'finished_at timestamptz YES',
      'migration_name varchar(255) NO',
      'logs text YES',
      'rolled_back_at timestamptz YES',
      'started_at timestamptz NO',
      'applied_steps_count int4 NO',
    ]);
  });

  it('refuses a migration that was changed after it had been applied, and touches nothing', async () => {
    const url = await emptyDatabase();
    await migrate(url);
    const changed = files.map((file, index) => (index === 1 ? fake(file.name, `${file.sql}\n-- changed`) : file));
    const more = fake('99990101000000_more', 'create table more (id int)');
    await expect(migrate(url, { migrations: [...changed, more] })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      summary: `Migration ${names[1] ?? ''} was changed after it had been applied`,
      fix: 'Put the file back as it was and write a new migration for the change.',
    });
    expect(await rowsOf(url, `select from pg_class where relname = 'more'`)).toEqual([]);
  });

  it('refuses a database of a newer version', async () => {
    const url = await emptyDatabase();
    await migrate(url, { migrations: [...files, fake('99990101000000_newer', 'select 1')] });
    await expect(migrate(url)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', why: 'it was migrated by a newer version' });
    await expect(openStore({ databaseUrl: url })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  });

  it('refuses to go on where another tool stopped half way', async () => {
    const url = await emptyDatabase();
    await migrate(url);
    await rowsOf(url, `update _prisma_migrations set finished_at = null where migration_name = '${names[0] ?? ''}'`);
    await expect(migrate(url)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', fix: expect.stringContaining('prisma migrate resolve') as string });
  });

  it('keeps nothing of a migration that fails in its middle, and everything before it', async () => {
    const url = await emptyDatabase();
    const broken = fake('99990101000000_broken', 'create table half (id int); select 1 / 0;');
    await expect(migrate(url, { migrations: [...files, broken] })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      summary: 'Migration 99990101000000_broken failed, and nothing of it was kept',
      why: 'division by zero',
    });
    expect(await rowsOf(url, `select from pg_class where relname = 'half'`)).toEqual([]);
    expect(await migrate(url)).toEqual({ applied: [], alreadyThere: names.length });
  });

  it('can be done by a database owner who is no superuser, and the store then works with that login', async () => {
    const url = await emptyDatabase();
    const name = new URL(url).pathname.slice(1);
    const owner = `owner_${randomBytes(4).toString('hex')}`;
    await t.admin.query(`create role ${owner} login password 'pw'`);
    await t.admin.query(`alter database ${name} owner to ${owner}`);
    const ownerUrl = new URL(url);
    ownerUrl.username = owner;
    ownerUrl.password = 'pw';
    // The roles exist already, and this user may not grant them to itself.
    await expect(migrate(ownerUrl.href)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', fix: expect.stringContaining('administrator') as string });
    await t.admin.query(`grant meshfleet_app, meshfleet_relay to ${owner}`);
    expect((await migrate(ownerUrl.href)).applied).toEqual(names);
    const store = await openStore({ databaseUrl: ownerUrl.href });
    expect(await store.relay.organizationIds()).toEqual([]);
    await store.close();
  });
});

describe('separate logins', () => {
  it('of the app and of the relay need no right beyond their role', async () => {
    const url = await emptyDatabase();
    await migrate(url);
    const login = async (role: string): Promise<string> => {
      const name = `login_${randomBytes(4).toString('hex')}`;
      await t.admin.query(`create role ${name} login password 'pw' in role ${role}`);
      const own = new URL(url);
      own.username = name;
      own.password = 'pw';
      return own.href;
    };
    const appUrl = await login('meshfleet_app');
    const store = await openStore({ databaseUrl: appUrl, relayUrl: await login('meshfleet_relay') });
    expect(await store.relay.organizationIds()).toEqual([]);
    const org = randomUUID();
    await store.transaction(org, (tx) => tx.query(`insert into organization (id, slug, name) values ($1, 'mine', 'Mine')`, [org]));
    expect(await store.relay.organizationIds()).toEqual([org]);
    await expect(store.transaction(org, (tx) => tx.query('set role meshfleet_relay'))).rejects.toThrow('permission denied');
    await store.close();
  });
});

describe('openStore', () => {
  it('waits until somebody has migrated', async () => {
    const url = await emptyDatabase();
    const opening = openStore({ databaseUrl: url });
    await migrate(url);
    await (await opening).close();
  });

  it('says what is missing when nobody does', async () => {
    const url = await emptyDatabase();
    await expect(openStore({ databaseUrl: url, migrationTimeoutMs: 0 })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      summary: expect.stringContaining(`lacks ${names.length} migrations`) as string,
    });
  });

  it('migrates itself when it is asked to', async () => {
    const url = await emptyDatabase();
    await (await openStore({ databaseUrl: url, migrateUrl: url })).close();
  });

  it.each([
    ['no URL at all', () => 'localhost:5432/db', 'CONFIG_INVALID'],
    ['another kind of database', () => 'mysql://localhost/db', 'CONFIG_INVALID'],
    ['no database name', () => 'postgresql://localhost', 'CONFIG_INVALID'],
    ['a port where nobody listens', () => 'postgresql://127.0.0.1:1/db', 'STORE_UNAVAILABLE'],
    ['a host that does not exist', () => 'postgresql://nowhere.invalid/db', 'STORE_UNAVAILABLE'],
    ['a wrong password', () => t.url.replace(/:[^:@/]+@/, ':wrong@'), 'CONFIG_INVALID'],
    ['a database that does not exist', () => withDatabase(t.url, 'missing'), 'CONFIG_INVALID'],
  ])('answers a wrong DATABASE_URL with the fix, and without the password: %s', async (_what, url, code) => {
    const error: unknown = await openStore({ databaseUrl: url() }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, fix: expect.stringMatching(/./) as string });
    expect(JSON.stringify((error as { toEnvelope(): unknown }).toEnvelope())).not.toContain(new URL(t.url).password);
  });

  it('refuses sessions whose role bypasses row-level security', async () => {
    const url = await emptyDatabase();
    await migrate(url);
    const open = (): Promise<unknown> => openStore({ databaseUrl: url }).then((store) => store.close());
    await t.admin.query('alter role meshfleet_app bypassrls');
    try {
      await expect(open()).rejects.toMatchObject({ code: 'CONFIG_INVALID', why: 'this role bypasses row-level security' });
    } finally {
      await t.admin.query('alter role meshfleet_app nobypassrls');
    }
    await open();
  });
});
