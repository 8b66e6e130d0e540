import pg from 'pg';
import { MeshfleetError } from '@meshfleet/model';
import { parseDatabaseUrl } from '../connection/database-url.ts';
import { sqlStateOf } from '../connection/sql.ts';
import { toStoreError } from '../connection/store-error.ts';
import { compareMigrations } from './compare-migrations.ts';
import { readLedger } from './migrate.ts';
import { readMigrations } from './migration-files.ts';

/**
 * Resolves when every migration of this version is applied.
 * @throws MeshfleetError STORE_UNAVAILABLE after `timeoutMs`; PRECONDITION_FAILED at once when waiting cannot help
 */
export async function waitForMigrations(databaseUrl: string, timeoutMs: number): Promise<void> {
  const { label } = parseDatabaseUrl(databaseUrl);
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'meshfleet-start', connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  const migrations = readMigrations();
  const deadline = Date.now() + timeoutMs;
  try {
    await client.connect();
    for (;;) {
      const missing = compareMigrations(migrations, await ledgerOrNothing(client));
      if (missing.length === 0) return;
      if (Date.now() >= deadline) throw notMigrated(label, missing.length);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  } catch (error) {
    throw toStoreError(error, label);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const UNDEFINED_TABLE = '42P01';
const NOT_YET_GRANTED = '42501';

async function ledgerOrNothing(client: pg.Client): ReturnType<typeof readLedger> {
  try {
    return await readLedger(client);
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === UNDEFINED_TABLE || state === NOT_YET_GRANTED) return [];
    throw error;
  }
}

function notMigrated(label: string, missing: number): MeshfleetError {
  return new MeshfleetError({
    code: 'STORE_UNAVAILABLE',
    summary: `The database ${label} lacks ${missing} migrations`,
    why: 'nobody applied them while this process waited',
    fix: 'Start the API with rights to migrate, or run `prisma migrate deploy`.',
  });
}
