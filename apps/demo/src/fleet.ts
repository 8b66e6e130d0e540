import { MeshfleetError } from '@meshfleet/model';
import { migrate, startEmbeddedPostgres } from '@meshfleet/store';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildApps } from './build-apps.ts';
import { FLEET, startDemoCluster, type DemoCluster } from './clusters.ts';
import { openDataDir } from './data-dir.ts';
import { startIssuer, type DemoIssuer, type DemoPerson } from './issuer.ts';
import type { DemoOptions } from './options.ts';
import { claimPort } from './ports.ts';
import type { Progress } from './progress.ts';
import { createSupervisor, waitUntilReady, type SupervisedProcess, type Supervisor } from './supervisor.ts';

/** Everything that runs: the hub's processes, the simulated clusters and their agents. */
export interface Fleet {
  readonly url: string;
  readonly issuer: DemoIssuer;
  readonly databaseUrl: string;
  readonly clusters: readonly DemoCluster[];
  /** `api`, `reconciler` or `agent-<cluster>`. */
  process(name: string): SupervisedProcess | undefined;
  /** Starts the agent of one cluster; the join token is needed the first time only. */
  startAgent(cluster: DemoCluster, joinToken?: string): SupervisedProcess;
  stop(): Promise<void>;
}

export const ADA: DemoPerson = { subject: 'ada', email: 'ada@acme.example', name: 'Ada (platform team)' };
export const ORGANIZATION = 'acme';

export async function startFleet(options: DemoOptions, root: string, progress: Progress): Promise<Fleet> {
  const dir = openDataDir(options.dataDir, { reset: options.reset });
  // In this order: first the processes, which still write while they drain, then what they stand on.
  const closers: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0)) await close();
    dir.release();
  };
  try {
    const port = await claimPort(options.port);
    await progress.step('Building the apps', () => Promise.resolve(buildApps(root)));
    const supervisor = createSupervisor({
      logDir: dir.logs,
      onRestart: (name, how) => {
        progress.say(`  ! ${name} ended (${how}); starting it again`);
      },
    });
    closers.push(() => supervisor.stop());
    const databaseUrl = await startDatabase(options, dir.path, progress, closers, supervisor);
    const issuer = await startIssuer(dir.path);
    closers.push(() => issuer.stop());
    const url = `http://127.0.0.1:${port}`;
    await startHub({ supervisor, progress, root, dir: dir.path, port, url, databaseUrl, issuer });
    const clusters = await startClusters(dir.clusters, progress, closers);
    return {
      url,
      issuer,
      databaseUrl,
      clusters,
      process: supervisor.process,
      startAgent: (cluster, joinToken) =>
        supervisor.start({
          name: `agent-${cluster.name}`,
          script: join(root, 'dist', 'agent', 'main.js'),
          env: {
            MESHFLEET_URL: url,
            MESHFLEET_CLUSTER_NAME: cluster.name,
            KUBECONFIG: cluster.agentKubeconfigFile,
            PORT: '0',
            ...(joinToken === undefined ? {} : { MESHFLEET_JOIN_TOKEN: joinToken }),
          },
        }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startDatabase(
  options: DemoOptions,
  dir: string,
  progress: Progress,
  closers: (() => Promise<void>)[],
  supervisor: Supervisor,
): Promise<string> {
  const given = options.databaseUrl;
  const url =
    given ??
    (await progress.step('Starting the embedded Postgres', async () => {
      const postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'postgres'), persistent: true });
      closers.push(() => postgres.stop());
      supervisor.hold(join(dir, 'postgres', 'postmaster.pid'));
      return postgres.url;
    }));
  await progress.step('Bringing the database up to date', () => migrate(url));
  return url;
}

async function startHub(hub: {
  supervisor: Supervisor;
  progress: Progress;
  root: string;
  dir: string;
  port: number;
  url: string;
  databaseUrl: string;
  issuer: DemoIssuer;
}): Promise<void> {
  const keyFile = join(hub.dir, 'key-encryption-key');
  if (!existsSync(keyFile)) writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  const api = hub.supervisor.start({
    name: 'api',
    script: join(hub.root, 'dist', 'api', 'main.js'),
    env: {
      PORT: String(hub.port),
      HOST: '127.0.0.1',
      DATABASE_URL: hub.databaseUrl,
      MESHFLEET_PUBLIC_URL: hub.url,
      MESHFLEET_KEY_FILE: keyFile,
      OIDC_ISSUER: hub.issuer.issuer,
      OIDC_JWKS_URL: hub.issuer.jwksUrl,
      OIDC_AUDIENCE: hub.issuer.audience,
    },
  });
  hub.supervisor.start({
    name: 'reconciler',
    script: join(hub.root, 'dist', 'reconciler', 'main.js'),
    env: { DATABASE_URL: hub.databaseUrl },
  });
  await hub.progress.step('Starting the API and the reconciler', () => waitUntilReady(api, () => answers(`${hub.url}/readyz`), 60_000));
}

async function startClusters(folder: string, progress: Progress, closers: (() => Promise<void>)[]): Promise<DemoCluster[]> {
  return progress.step(`Starting ${FLEET.length} simulated clusters with Istio's kinds and a shop`, async () => {
    const clusters: DemoCluster[] = [];
    for (const spec of FLEET) {
      const cluster = await startDemoCluster(spec, folder);
      closers.push(() => cluster.cluster.stop());
      clusters.push(cluster);
    }
    return clusters;
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

/** The cluster of that name; a name that the demo does not have is our own mistake. */
export function clusterNamed(fleet: Fleet, name: string): DemoCluster {
  const found = fleet.clusters.find((cluster) => cluster.name === name);
  if (found === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: `The demo has no cluster ${name}` });
  return found;
}
