import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { MeshfleetError } from '@meshfleet/model';
import { parseDatabaseUrl } from '../connection/database-url.ts';
import { sqlStateOf } from '../connection/sql.ts';
import { toStoreError } from '../connection/store-error.ts';
import { compareMigrations } from './compare-migrations.ts';
import type { AppliedMigration } from './compare-migrations.ts';
import { readMigrations } from './migration-files.ts';
import type { Migration } from './migration-files.ts';

export interface MigrationResult {
  /** Names applied now, in order. */
  readonly applied: readonly string[];
  /** How many were there before. */
  readonly alreadyThere: number;
}

export interface MigrateOptions {
  readonly migrations?: readonly Migration[];
}

/** The advisory lock of Prisma Migrate: whoever migrates with it and whoever migrates with us wait for each other. */
const LOCK = 72707369;

// As Prisma Migrate creates it, so that `prisma migrate deploy` and `migrate status` understand what we did.
const LEDGER = `create table if not exists _prisma_migrations (
  id varchar(36) primary key not null,
  checksum varchar(64) not null,
  finished_at timestamptz,
  migration_name varchar(255) not null,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`;

/**
 * Applies the migrations that the database lacks, each in a transaction of its own, under an advisory lock.
 * @throws MeshfleetError PRECONDITION_FAILED when an applied migration differs from the file or a migration failed
 */
export async function migrate(adminUrl: string, options: MigrateOptions = {}): Promise<MigrationResult> {
  const { label } = parseDatabaseUrl(adminUrl);
  const migrations = options.migrations ?? readMigrations();
  const client = new pg.Client({ connectionString: adminUrl, application_name: 'meshfleet-migrate', connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await refuseOldServer(client, label);
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(LEDGER);
    const before = await readLedger(client);
    const missing = compareMigrations(migrations, before);
    for (const migration of missing) await apply(client, migration);
    await client.query('grant select on _prisma_migrations to meshfleet_app, meshfleet_relay');
    return { applied: missing.map((migration) => migration.name), alreadyThere: before.length };
  } catch (error) {
    throw toStoreError(error, label);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The ledger's rows; undefined rolled-back ones left out, as Prisma does. */
export async function readLedger(client: pg.ClientBase): Promise<AppliedMigration[]> {
  const { rows } = await client.query<AppliedMigration>(
    `select migration_name as name, checksum, finished_at is not null as finished from _prisma_migrations
     where rolled_back_at is null order by started_at, migration_name`,
  );
  return rows;
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('begin');
    await client.query(migration.sql);
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, clock_timestamp(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    if (sqlStateOf(error) === undefined) throw error;
    throw migrationFailed(migration, error);
  }
}

function migrationFailed(migration: Migration, error: unknown): MeshfleetError {
  const state = sqlStateOf(error);
  const denied = state === '42501';
  return new MeshfleetError(
    {
      code: state === '53100' ? 'STORE_UNAVAILABLE' : 'PRECONDITION_FAILED',
      summary: `Migration ${migration.name} failed, and nothing of it was kept`,
      why: error instanceof Error ? error.message : String(error),
      fix: denied
        ? 'Migrate as the owner of the database who may create roles, or let an administrator create the roles meshfleet_app and meshfleet_relay and grant them to this user.'
        : state === '53100'
          ? 'Free space on the disk of the database and start again.'
          : 'Start again once the cause is removed: the migration is applied as a whole or not at all.',
    },
    { cause: error },
  );
}

async function refuseOldServer(client: pg.Client, label: string): Promise<void> {
  const { rows } = await client.query<{ version: string }>(`select current_setting('server_version_num') as version`);
  const version = Math.floor(Number(rows[0]?.version ?? 0) / 10_000);
  if (version >= 15) return;
  throw new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: `Postgres at ${label} is version ${version}; Meshfleet needs 15 or newer`,
    fix: 'Upgrade the server or point DATABASE_URL at a newer one.',
  });
}
