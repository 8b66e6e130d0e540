import { MeshfleetError } from '@meshfleet/model';
import { parseDatabaseUrl } from './connection/database-url.ts';
import { createListener } from './connection/listener.ts';
import { createNotifier } from './connection/notifier.ts';
import { createRolePool } from './connection/pool.ts';
import type { Sql, Tx } from './connection/sql.ts';
import { toStoreError } from './connection/store-error.ts';
import { runTransaction } from './connection/transaction.ts';
import { migrate } from './migrate/migrate.ts';
import { waitForMigrations } from './migrate/wait-for-migrations.ts';
import { createRelay } from './outbox/relay.ts';
import type { Relay } from './outbox/relay.ts';
import { createPrismaPath } from './prisma/prisma-path.ts';
import type { PrismaTx } from './prisma/prisma-path.ts';

export interface TransactionOptions {
  /** `<issuer>|<subject>`: lets the transaction also see this person's memberships elsewhere. */
  readonly identity?: string;
  readonly readOnly?: boolean;
  /** How often a deadlock or serialization failure is tried again; default 3. The work then runs again from its start. */
  readonly retries?: number;
}

/** The hub's memory. One per process. */
export interface Store {
  /** One transaction that sees and writes the rows of one organization alone. */
  transaction<T>(organizationId: string, work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** A person's own memberships and the organizations behind them, read-only by row-level security. */
  identityTransaction<T>(identity: string, work: (sql: Sql) => Promise<T>): Promise<T>;
  /** The tenancy of {@link Store.transaction} through Prisma, for paths that are not hot (3 to 7 times the cost). */
  prisma<T>(organizationId: string, work: (prisma: PrismaTx) => Promise<T>, options?: TransactionOptions): Promise<T>;
  readonly relay: Relay;
  /**
   * Calls the handler for each NOTIFY until the returned function is called. Notices are lost while the connection is:
   * `onReconnect` says that some may have been.
   */
  listen(channel: string, handler: (payload: string) => void, onReconnect?: () => void): Promise<() => Promise<void>>;
  /** @throws MeshfleetError when the database does not answer or is not migrated */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly databaseUrl: string;
  /** Given: the migrations are applied through it at start. Else they are waited for. */
  readonly migrateUrl?: string;
  /** Separate logins for the two roles; default: `databaseUrl`, whose user switches to them. */
  readonly appUrl?: string;
  readonly relayUrl?: string;
  readonly poolSize?: number;
  readonly applicationName?: string;
  /** How long to wait for migrations that somebody else applies; default 60 s. */
  readonly migrationTimeoutMs?: number;
}

/** @throws MeshfleetError CONFIG_INVALID, STORE_UNAVAILABLE or PRECONDITION_FAILED (migrations) */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { label } = parseDatabaseUrl(options.databaseUrl);
  const applicationName = options.applicationName ?? 'meshfleet';
  if (options.migrateUrl !== undefined) await migrate(options.migrateUrl);
  await waitForMigrations(options.databaseUrl, options.migrationTimeoutMs ?? 60_000);

  const appUrl = options.appUrl ?? options.databaseUrl;
  const size = options.poolSize ?? 10;
  const pool = createRolePool({ databaseUrl: appUrl, role: 'meshfleet_app', size, applicationName });
  // A notice has nothing to lose: its transaction need not wait for the disk.
  const notices = createRolePool({
    databaseUrl: appUrl,
    role: 'meshfleet_app',
    size: 1,
    applicationName: `${applicationName}-notify`,
    settings: { synchronous_commit: 'off' },
  });
  const notifier = createNotifier(notices);
  const listener = createListener(appUrl, applicationName);
  const relay = createRelay(options.relayUrl ?? options.databaseUrl, applicationName);
  const prisma = createPrismaPath(appUrl, label, `${applicationName}-prisma`);
  let closed = false;

  async function run<T>(scope: Parameters<typeof runTransaction>[1], retries: number, work: (tx: Tx) => Promise<T>): Promise<T> {
    if (closed) throw new MeshfleetError({ code: 'STORE_UNAVAILABLE', summary: 'The store is closed', why: 'the process is shutting down', fix: 'Ask again; another process answers.' });
    const { result, notices: announced } = await runTransaction(pool, scope, retries, work);
    notifier.send(announced);
    return result;
  }

  const store: Store = {
    transaction: (organizationId, work, given = {}) =>
      run(
        {
          organizationId,
          ...(given.identity === undefined ? {} : { identity: given.identity }),
          readOnly: given.readOnly ?? false,
        },
        given.retries ?? 3,
        work,
      ),
    identityTransaction: (identity, work) => run({ identity, readOnly: true }, 0, work),
    prisma: (organizationId, work, given) => prisma.transaction(organizationId, work, given),
    relay,
    listen: (channel, handler, onReconnect) => listener.listen(channel, handler, onReconnect),
    async ready() {
      const client = await pool.connect();
      let broken = true;
      try {
        await client.query('select 1');
        broken = false;
      } catch (error) {
        throw toStoreError(error, label);
      } finally {
        client.release(broken);
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      await notifier.flush();
      await Promise.all([listener.close(), pool.end(), notices.end(), relay.close(), prisma.close()]);
    },
  };
  await store.ready().catch(async (error: unknown) => {
    await store.close().catch(() => undefined);
    throw error;
  });
  return store;
}

