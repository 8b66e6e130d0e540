import { createPostgresBackend, Queue, withBackend, Worker } from 'bullmq';
import type { Processor, QueueOptions, WorkerOptions } from 'bullmq';
import { MeshfleetError } from '@meshfleet/model';
import { parseDatabaseUrl } from '@meshfleet/store';

/** Where queues live: Postgres unless Redis is configured. What differs between the two ends here. */
export interface JobsBackend {
  openQueue(name: string, options: Omit<QueueOptions, 'connection'>): Queue;
  openWorker(name: string, processor: Processor, options: Omit<WorkerOptions, 'connection'>): Worker;
}

export interface BackendOptions {
  readonly databaseUrl: string;
  readonly redisUrl?: string;
  /** Postgres schema of the queues; BullMQ creates and migrates it. */
  readonly schema: string;
}

/** @throws MeshfleetError CONFIG_INVALID */
export function chooseBackend(options: BackendOptions): JobsBackend {
  return options.redisUrl === undefined ? postgresBackend(options) : redisBackend(options.redisUrl);
}

function postgresBackend({ databaseUrl, schema }: BackendOptions): JobsBackend {
  parseDatabaseUrl(databaseUrl);
  const classes = withBackend(createPostgresBackend);
  const connection = { connectionString: databaseUrl, schema, migrate: true, max: 4, keepAlive: true };
  return {
    // Bound classes differ from the plain ones in their type arguments alone.
    openQueue: (name, options) => new classes.Queue(name, { ...options, connection }) as unknown as Queue,
    openWorker: (name, processor, options) => new classes.Worker(name, processor, { ...options, connection }) as unknown as Worker,
  };
}

function redisBackend(redisUrl: string): JobsBackend {
  const connection = { ...redisAddress(redisUrl), maxRetriesPerRequest: null };
  return {
    openQueue: (name, options) => new Queue(name, { ...options, connection }),
    openWorker: (name, processor, options) => new Worker(name, processor, { ...options, connection }),
  };
}

function redisAddress(text: string): Record<string, unknown> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '') {
    throw new MeshfleetError({
      code: 'CONFIG_INVALID',
      summary: 'REDIS_URL is not the address of a Redis server',
      why: 'it is not of the form redis://host:6379',
      fix: 'Set REDIS_URL to redis://[user:password@]host:6379[/db] (rediss: for TLS), or leave it out to keep queues in Postgres.',
      where: { field: ['REDIS_URL'] },
    });
  }
  return {
    host: url.hostname,
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}
