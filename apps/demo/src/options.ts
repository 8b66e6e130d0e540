import type { ClusterKind } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import { parseArgs } from 'node:util';
import { join, resolve } from 'node:path';

export interface DemoOptions {
  /** Run the tour over the public interfaces, then exit with 0 or 1. */
  readonly check: boolean;
  readonly help: boolean;
  readonly clusters: ClusterKind;
  /** Port of the API; 0 picks a free one. */
  readonly port: number;
  /** Where the demo keeps its database, clusters, keys and logs. */
  readonly dataDir: string;
  /** Throw earlier data away first. */
  readonly reset: boolean;
  /** A Postgres of the user's own instead of the embedded one. */
  readonly databaseUrl?: string;
  /** Queues in this Redis instead of Postgres. */
  readonly redisUrl?: string;
}

export const USAGE = `Starts Meshfleet with three simulated clusters.

  npm run demo                     start, print where to look, run until Ctrl-C
  npm run demo -- --check          take the tour by itself on throw-away data; exit 0 when every step held
  npm run demo -- --real           real clusters (etcd, kube-apiserver) instead; needs Go, and minutes the first time
  npm run demo -- --port 9090      serve on another port (default 8080)
  npm run demo -- --data-dir DIR   keep the data elsewhere (default .meshfleet/demo, with --real .meshfleet/demo-real)
  npm run demo -- --reset          forget what an earlier start left

DATABASE_URL names a Postgres of your own (15 or newer) instead of the embedded one.
REDIS_URL names a Redis of your own that keeps the queues instead of Postgres.`;

/** Reads the command line; throws CONFIG_INVALID with what to write instead. */
export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv, root: string): DemoOptions {
  const { values } = parse(argv);
  const port = values.port === undefined ? (values.check === true ? 0 : 8080) : Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new MeshfleetError({
      code: 'CONFIG_INVALID',
      summary: `--port ${String(values.port)} is not a port`,
      fix: 'Give a number from 1 to 65535, for example --port 9090.',
    });
  }
  const databaseUrl = env['DATABASE_URL'];
  const redisUrl = env['REDIS_URL'];
  return {
    check: values.check === true,
    help: values.help === true,
    clusters: values.real === true ? 'real' : 'simulated',
    port,
    // Apart, because a hub remembers which cluster has which name.
    dataDir: values['data-dir'] === undefined ? join(root, '.meshfleet', values.real === true ? 'demo-real' : 'demo') : resolve(values['data-dir']),
    reset: values.reset === true,
    ...(databaseUrl === undefined || databaseUrl === '' ? {} : { databaseUrl }),
    ...(redisUrl === undefined || redisUrl === '' ? {} : { redisUrl }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        check: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        real: { type: 'boolean' },
        port: { type: 'string' },
        'data-dir': { type: 'string' },
        reset: { type: 'boolean' },
      },
    });
  } catch (cause) {
    throw new MeshfleetError(
      { code: 'CONFIG_INVALID', summary: cause instanceof Error ? cause.message : String(cause), fix: 'See npm run demo -- --help.' },
      { cause },
    );
  }
}
