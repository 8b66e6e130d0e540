import pg from 'pg';
import { MeshfleetError } from '@meshfleet/model';
import { parseDatabaseUrl, withSettings } from './database-url.ts';
import { columnTypes } from './statement.ts';
import { toStoreError } from './store-error.ts';

export interface RolePool {
  readonly label: string;
  /** @throws MeshfleetError STORE_UNAVAILABLE or CONFIG_INVALID */
  connect(): Promise<pg.PoolClient>;
  end(): Promise<void>;
}

export interface RolePoolOptions {
  readonly databaseUrl: string;
  /** Role that every session has from its first statement. */
  readonly role: string;
  readonly size: number;
  readonly applicationName: string;
  /** Further settings of its sessions. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long to wait for a connection; default 10 s. */
  readonly connectTimeoutMs?: number;
}

/** A pool whose sessions run under one role, and are refused if that role could see past row-level security. */
export function createRolePool(options: RolePoolOptions): RolePool {
  const { label } = parseDatabaseUrl(options.databaseUrl);
  const pool = new pg.Pool({
    connectionString: withSettings(options.databaseUrl, {
      role: options.role,
      statement_timeout: 30_000,
      lock_timeout: 15_000,
      idle_in_transaction_session_timeout: 60_000,
      ...options.settings,
    }),
    max: options.size,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types: columnTypes,
    // Statements leave without waiting for the answer to the one before: BEGIN costs no round trip of its own.
    pipeline: true,
    verify: (client: pg.PoolClient, done: (error?: Error) => void) => {
      // A checked-out connection that the server cuts fails its statements; the event itself must not end the process.
      client.on('error', () => undefined);
      verifyRole(client, options.role).then(() => done(), done);
    },
  } as pg.PoolConfig); // @types/pg does not know `pipeline` and `verify` yet
  // An idle connection that the server cuts is replaced on next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  return {
    label,
    async connect() {
      try {
        return await pool.connect();
      } catch (error) {
        throw toStoreError(error, label);
      }
    },
    end: () => pool.end(),
  };
}

async function verifyRole(client: pg.PoolClient, role: string): Promise<void> {
  const { rows } = await client.query<{ name: string; unbound: boolean }>(
    'select rolname as name, rolsuper or rolbypassrls as unbound from pg_roles where rolname = current_user',
  );
  const current = rows[0];
  if (current?.name === role && !current.unbound) return;
  throw new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: `Database sessions run as ${current?.name ?? 'nobody'} and not as ${role}`,
    why: current?.unbound === true ? 'this role bypasses row-level security' : 'the role of the session was not taken over (a pooler may drop the "options" parameter)',
    fix: `Let DATABASE_URL log in as a user that may SET ROLE ${role}, and let the pooler pass "options".`,
  });
}
