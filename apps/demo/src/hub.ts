import { MeshfleetError } from '@meshfleet/model';
import { migrate, startEmbeddedPostgres } from '@meshfleet/store';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildApps } from './build-apps.ts';
import { openDataDir, type DataDir } from './data-dir.ts';
import { startIssuer, type DemoIssuer } from './issuer.ts';
import type { DemoOptions } from './options.ts';
import { claimPort } from './ports.ts';
import type { Progress } from './progress.ts';
import { createSupervisor, waitUntilReady, type Supervisor } from './supervisor.ts';

/** The hub alone: Postgres, the API and the reconciler as users run them, with a local issuer to sign in at. */
export interface Hub {
  readonly url: string;
  readonly issuer: DemoIssuer;
  readonly databaseUrl: string;
  readonly dir: DataDir;
  readonly supervisor: Supervisor;
  /** Also called by `stop`, in the order of registration, after the processes have ended. */
  onStop(close: () => Promise<void>): void;
  stop(): Promise<void>;
}

export interface HubOptions extends Pick<DemoOptions, 'port' | 'dataDir' | 'reset' | 'databaseUrl' | 'redisUrl'> {
  /** How agents reach the hub when it is not directly: a relay or a proxy in front of it. */
  readonly publicUrl?: string;
  /** Hosts that webhooks of rollouts may reach though their addresses are private. */
  readonly webhookHosts?: string;
  /** What the start of all processes, and agents' first word, may take; a minute by default. */
  readonly startWithinMs?: number;
}

export const START_WITHIN_MS = 60_000;

export async function startHub(options: HubOptions, root: string, progress: Progress): Promise<Hub> {
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
    const databaseUrl = options.databaseUrl ?? (await startPostgres(dir, progress, closers));
    await progress.step('Bringing the database up to date', () => migrate(databaseUrl));
    const issuer = await startIssuer(dir.path);
    closers.push(() => issuer.stop());
    const url = `http://127.0.0.1:${port}`;
    await startProcesses({ supervisor, progress, root, dir, port, url, publicUrl: options.publicUrl ?? url, webhookHosts: options.webhookHosts ?? '', databaseUrl, redisUrl: options.redisUrl, issuer, startWithinMs: options.startWithinMs ?? START_WITHIN_MS });
    return { url, issuer, databaseUrl, dir, supervisor, onStop: (close) => void closers.push(close), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startPostgres(dir: DataDir, progress: Progress, closers: (() => Promise<void>)[]): Promise<string> {
  return progress.step('Starting the embedded Postgres', async () => {
    const postgres = await startEmbeddedPostgres({
      dataDir: join(dir.path, 'postgres'),
      persistent: true,
      onEnded: (how) => {
        progress.say(`  ! Postgres ended (${how instanceof MeshfleetError ? how.summary : String(how)}); starting it again`);
      },
    });
    closers.push(() => postgres.stop());
    return postgres.url;
  });
}

async function startProcesses(hub: {
  supervisor: Supervisor;
  progress: Progress;
  root: string;
  dir: DataDir;
  port: number;
  url: string;
  publicUrl: string;
  webhookHosts: string;
  databaseUrl: string;
  redisUrl: string | undefined;
  issuer: DemoIssuer;
  startWithinMs: number;
}): Promise<void> {
  const keyFile = join(hub.dir.path, 'key-encryption-key');
  if (!existsSync(keyFile)) writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  const api = hub.supervisor.start({
    name: 'api',
    script: join(hub.root, 'dist', 'api', 'main.js'),
    env: {
      PORT: String(hub.port),
      HOST: '127.0.0.1',
      DATABASE_URL: hub.databaseUrl,
      MESHFLEET_PUBLIC_URL: hub.publicUrl,
      MESHFLEET_KEY_FILE: keyFile,
      OIDC_ISSUER: hub.issuer.issuer,
      OIDC_JWKS_URL: hub.issuer.jwksUrl,
      OIDC_AUDIENCE: hub.issuer.audience,
      ROLLOUT_WEBHOOK_PRIVATE_HOSTS: hub.webhookHosts,
    },
  });
  hub.supervisor.start({
    name: 'reconciler',
    script: join(hub.root, 'dist', 'reconciler', 'main.js'),
    env: {
      DATABASE_URL: hub.databaseUrl,
      MESHFLEET_KEY_FILE: keyFile,
      ROLLOUT_WEBHOOK_PRIVATE_HOSTS: hub.webhookHosts,
      ...(hub.redisUrl === undefined ? {} : { REDIS_URL: hub.redisUrl }),
    },
  });
  await hub.progress.step('Starting the API and the reconciler', () => waitUntilReady(api, () => whyUnready(`${hub.url}/readyz`), hub.startWithinMs));
}

/** Undefined when it is ready. */
async function whyUnready(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return response.ok ? undefined : `${url} answers ${response.status} ${await response.text()}`.trimEnd();
  } catch (error) {
    const { message, cause } = error as Error; // of fetch, whose cause says more than "fetch failed"
    return `${url} does not answer (${cause instanceof Error ? cause.message : message})`;
  }
}
