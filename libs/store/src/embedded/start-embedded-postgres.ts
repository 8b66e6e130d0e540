import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import pg from 'pg';
import { MeshfleetError } from '@meshfleet/model';
import { toStoreError } from '../connection/store-error.ts';
import { postgresBinaries, serverUser } from './binaries.ts';
import { placeOf, prepareDataDirectory, refuseExisting } from './data-directory.ts';
import { lockDirectory } from './directory-lock.ts';
import { embeddedError } from './embedded-error.ts';
import { freePort } from './free-port.ts';
import { keepRunning } from './keep-running.ts';
import type { KeptServer } from './keep-running.ts';
import { clearStaleServer, startServer } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';
import { startWatchdog } from './watchdog.ts';
import type { Watchdog } from './watchdog.ts';

export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  /** On 127.0.0.1; 0 or absent takes a free one. */
  readonly port?: number;
  /** False: the data directory is removed at the end, and nothing waits for the disk. */
  readonly persistent: boolean;
  /** The server ended without having been asked to, or could not be started again yet: `how` says why. It is started again on its port. */
  readonly onEnded?: (how: unknown) => void;
}

export interface EmbeddedPostgres {
  /** Of the database `meshfleet`, as its superuser. */
  readonly url: string;
  /** Where the data lie; differs from what was asked when the server's user cannot go there. */
  readonly dataDir: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a Postgres of our own out of npm, and again whenever it ends unasked. The process ends with ours, however ours ends.
 * We drive the binaries ourselves: the package's own class stops the server on SIGINT before anybody could drain.
 * @throws MeshfleetError CONFIG_INVALID or STORE_UNAVAILABLE, each with the fix
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = serverUser();
  const dataDir = placeOf(options.dataDir, user, options.persistent);
  const lock = guarded(dataDir, () => lockDirectory(dataDir));
  let dispose = (): void => undefined;
  let server: Pick<KeptServer, 'stop'> | undefined;
  let watchdog: Watchdog | undefined;
  let removeData = (): void => undefined;
  try {
    if (!options.persistent) {
      // What is removed at the end must have been made here.
      refuseExisting(dataDir);
      removeData = () => rmSync(dataDir, { recursive: true, force: true });
    }
    const binaries = await postgresBinaries(user);
    dispose = binaries.dispose;
    watchdog = startWatchdog({
      dataDir,
      removeData: !options.persistent,
      removeCopy: binaries.copied ? dirname(dirname(binaries.postgres)) : undefined,
    });
    await clearStaleServer(dataDir);
    if (options.port !== undefined && options.port !== 0) await freePort(options.port);
    const password = await prepareDataDirectory(dataDir, binaries, user, { durable: options.persistent });
    const startAt = (port: number): Promise<ServerProcess> => startServer(binaries, user, { dataDir, port, durable: options.persistent });
    const started = await startOnPort(options.port ?? 0, startAt);
    watchdog.watch(started.server.pid);
    const kept = keepRunning(started.server, {
      start: async () => {
        await clearStaleServer(dataDir);
        return startAt(started.port);
      },
      onStarted: ({ pid }) => watchdog?.watch(pid),
      onEnded: (how) => options.onEnded?.(how),
    });
    server = kept;
    const url = await createDatabase(`postgresql://postgres:${password}@127.0.0.1:${started.port}/postgres`);
    return {
      url,
      dataDir,
      port: started.port,
      get pid() {
        return kept.pid;
      },
      stop: once(async () => {
        await kept.stop();
        watchdog?.dismiss();
        removeData();
        dispose();
        lock.release();
      }),
    };
  } catch (error) {
    await server?.stop();
    watchdog?.dismiss();
    removeData();
    dispose();
    lock.release();
    throw error instanceof MeshfleetError ? error : embeddedError(String(error), { dataDir, port: options.port ?? 0, user: user?.name }, error);
  }
}

/** A port found free may be taken a moment later: only a port that was asked for is worth an error. */
async function startOnPort(
  wanted: number,
  start: (port: number) => Promise<ServerProcess>,
): Promise<{ server: ServerProcess; port: number }> {
  for (let attempt = 0; ; attempt += 1) {
    const port = wanted === 0 ? await freePort(0) : wanted;
    try {
      return { server: await start(port), port };
    } catch (error) {
      const taken = error instanceof MeshfleetError && error.summary === `Port ${port} is in use`;
      if (wanted !== 0 || attempt >= 4 || !taken) throw error;
    }
  }
}

async function createDatabase(serverUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query(`select from pg_database where datname = 'meshfleet'`);
    if (rowCount === 0) await client.query('create database meshfleet');
  } catch (error) {
    throw toStoreError(error, 'the embedded Postgres');
  } finally {
    await client.end().catch(() => undefined);
  }
  return serverUrl.replace(/\/postgres$/, '/meshfleet');
}

function guarded<T>(dataDir: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof MeshfleetError ? error : embeddedError(String(error), { dataDir, port: 0, user: undefined }, error);
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
}
