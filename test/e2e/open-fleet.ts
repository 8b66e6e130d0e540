import { clusterKindOf } from '@meshfleet/cluster-real';
import { startEmbeddedPostgres } from '@meshfleet/store';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeThrowAwayDir } from '../../apps/demo/src/data-dir.ts';
import { startFleet, type Fleet } from '../../apps/demo/src/fleet.ts';
import type { GraphqlClient } from '../../apps/demo/src/graphql-client.ts';
import type { HubOptions } from '../../apps/demo/src/hub.ts';
import { createProgress, type Progress } from '../../apps/demo/src/progress.ts';
import { enrolAll, signIn } from '../../apps/demo/src/seed.ts';

export interface OpenFleet {
  readonly fleet: Fleet;
  readonly client: GraphqlClient;
  readonly token: string;
  close(): Promise<void>;
}

type FleetOptions = Pick<HubOptions, 'databaseUrl' | 'redisUrl' | 'webhookHosts' | 'startWithinMs'> & { readonly progress?: Progress };

/** The whole product as users run it (processes, Postgres, three clusters of the kind under test with their agents), on throw-away data. */
export async function openFleet({ progress, ...options }: FleetOptions = {}): Promise<OpenFleet> {
  const root = join(import.meta.dirname, '..', '..');
  const dataDir = makeThrowAwayDir('meshfleet-e2e-');
  const told = progress ?? createProgress(() => undefined);
  const fleet = await startFleet({ ...options, port: 0, dataDir, reset: false, clusters: clusterKindOf(process.env) }, root, told);
  const close = async (): Promise<void> => {
    await fleet.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const { client, token } = await signIn(fleet);
    await enrolAll(fleet, client, told, options.startWithinMs);
    return { fleet, client, token, close };
  } catch (error) {
    // The logs stay, for whoever looks into it.
    await fleet.stop();
    throw error;
  }
}

export interface FleetOnPostgres {
  readonly open: OpenFleet;
  /** Where Postgres keeps its files, in a folder of its own in here. */
  readonly folder: string;
  kill(): void;
  /** Stops Postgres, does something with its files, and starts it where it was. */
  down(work: () => void): Promise<void>;
  close(): Promise<void>;
}

/** The same on a Postgres of the test's own, which nobody starts again when it dies but for what started it here. */
export async function openFleetOnPostgres(options: Pick<FleetOptions, 'webhookHosts' | 'startWithinMs' | 'progress'> = {}): Promise<FleetOnPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'meshfleet-postgres-'));
  // Postgres runs as a user of its own.
  chmodSync(folder, 0o755);
  const start = (port?: number) => startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), persistent: true, ...(port === undefined ? {} : { port }) });
  let postgres = await start();
  const removePostgres = async (): Promise<void> => {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const open = await openFleet({ ...options, databaseUrl: postgres.url }).catch(async (error: unknown) => {
    await removePostgres();
    throw error;
  });
  return {
    open,
    folder,
    kill: () => process.kill(postgres.pid, 'SIGKILL'),
    down: async (work) => {
      await postgres.stop();
      work();
      postgres = await start(postgres.port);
    },
    close: async () => {
      await open.close();
      await removePostgres();
    },
  };
}
