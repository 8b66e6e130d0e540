import type { Queue, Worker } from 'bullmq';
import { MeshfleetError } from '@meshfleet/model';
import { chooseBackend } from './backend.ts';
import { drainWorkers } from './drain.ts';
import { toJobsError } from './jobs-error.ts';

/** One run of a job. */
export interface JobRun<D> {
  readonly id: string;
  readonly data: D;
  /** 1 for the first run. */
  readonly attempt: number;
}

export interface FailedJob {
  readonly id: string;
  readonly data: unknown;
  readonly reason: string;
  readonly attempts: number;
}

export interface JobQueue<D> {
  /** Adds a job unless one of this id waits, runs, or ended lately; with `delayMs` it is not due before that time. */
  add(jobId: string, data: D, delayMs?: number): Promise<void>;
  /** The same for many at once. */
  addAll(jobs: readonly { readonly jobId: string; readonly data: D }[]): Promise<void>;
  /** Jobs whose last attempt failed: they stay until somebody looks at them (a week at most). */
  failed(): Promise<FailedJob[]>;
  /** Puts a failed job in line again; false when there is none of this id. */
  retry(jobId: string): Promise<boolean>;
}

export interface Jobs {
  /** The queue of this name, made on first use. */
  queue<D extends object>(name: string): JobQueue<D>;
  /** Names the one handler of a queue. A handler may run twice for one job, and must bear it. */
  worker<D extends object>(name: string, handler: (run: JobRun<D>) => Promise<void>, options?: { concurrency?: number }): void;
  /**
   * Starts the handlers.
   * @throws MeshfleetError INTERNAL when a queue of this process has no handler
   */
  start(): Promise<void>;
  /** Handles everything that is due, retries that are not due yet left aside, and says how many runs that took. */
  drain(): Promise<number>;
  /** Waits for runs under way, then lets go of every connection. */
  close(): Promise<void>;
}

export interface JobsOptions {
  readonly databaseUrl: string;
  /** Given: queues live in this Redis, and not in Postgres. */
  readonly redisUrl?: string;
  readonly schema?: string;
  /** How often a job is tried, and the pause before the second try (then twice as long each time). */
  readonly attempts?: number;
  readonly backoffMs?: number;
  /**
   * For how long a process may say nothing about a job before another one takes it; default 10 s. It is renewed at half
   * of that, and looked for at the same pace: what a killed process had begun goes on within twice this time.
   */
  readonly lockMs?: number;
  /** Told of every failed run, `last` when the job is now in the failed state. */
  readonly onFailure?: (failure: { queue: string; id: string; error: Error; last: boolean }) => void;
  /** Told of connections that were lost; they are made again. */
  readonly onError?: (error: Error) => void;
}

const DAY = 24 * 3600;
/** Up to here, jobs are added one by one. */
const FEW = 8;

/** @throws MeshfleetError CONFIG_INVALID or STORE_UNAVAILABLE */
export async function createJobs(options: JobsOptions): Promise<Jobs> {
  const backend = chooseBackend({ ...options, schema: options.schema ?? 'bullmq' });
  const attempts = options.attempts ?? 8;
  const lockMs = options.lockMs ?? 10_000;
  const queues = new Map<string, Queue>();
  const workers = new Map<string, Worker>();
  let runs = 0;

  function openQueue(name: string): Queue {
    const known = queues.get(name);
    if (known !== undefined) return known;
    const queue = backend.openQueue(name, {
      defaultJobOptions: {
        attempts,
        backoff: { type: 'exponential', delay: options.backoffMs ?? 500, jitter: 0.3 },
        // Kept for a while, so that an id that comes again is known.
        removeOnComplete: { age: 3600, count: 2_000 },
        removeOnFail: { age: 7 * DAY, count: 10_000 },
      },
    });
    queue.on('error', (error) => options.onError?.(error));
    queues.set(name, queue);
    return queue;
  }

  const jobs: Jobs = {
    queue: (name) => toJobQueue(openQueue(name)),
    worker<D extends object>(name: string, handler: (run: JobRun<D>) => Promise<void>, given: { concurrency?: number } = {}) {
      if (workers.has(name)) throw wrongHandlers(`Queue ${name} has two handlers`);
      openQueue(name);
      const worker = backend.openWorker(
        name,
        async (job) => {
          runs += 1;
          await handler({ id: job.id ?? '', data: job.data as D, attempt: job.attemptsMade + 1 });
        },
        // A process that is killed says nothing about its job: it is given to another as often as needed.
        { autorun: false, concurrency: given.concurrency ?? 1, maxStalledCount: 1_000, lockDuration: lockMs, stalledInterval: lockMs / 2 },
      );
      worker.on('error', (error) => options.onError?.(error));
      worker.on('failed', (job, error) => {
        const last = (job?.attemptsMade ?? 0) >= (job?.opts.attempts ?? attempts);
        options.onFailure?.({ queue: name, id: job?.id ?? '', error, last });
      });
      workers.set(name, worker);
    },
    async start() {
      refuseUnhandled();
      await Promise.all([...workers.values()].map((worker) => worker.waitUntilReady()));
      for (const worker of workers.values()) if (!worker.isRunning()) worker.run().catch((error: unknown) => options.onError?.(asError(error)));
    },
    async drain() {
      const before = runs;
      await jobs.start();
      await drainWorkers([...queues.values()]);
      return runs - before;
    },
    async close() {
      await Promise.all([...workers.values()].map((worker) => worker.close()));
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };

  function refuseUnhandled(): void {
    const unhandled = [...queues.keys()].filter((name) => !workers.has(name));
    if (unhandled.length > 0) throw wrongHandlers(`No handler for ${unhandled.map((name) => `queue ${name}`).join(', ')}`);
  }

  await checkBackend();
  return jobs;

  /** Connects once, so that a wrong address or missing right is an error of the start and not of some later job. */
  async function checkBackend(): Promise<void> {
    const probe = backend.openQueue('start', {});
    // The Redis client tries for ever; at start the first refusal is the answer.
    const refused = new Promise<never>((_, reject) => probe.on('error', reject));
    try {
      await within(10_000, Promise.race([probe.waitUntilReady(), refused]));
    } catch (error) {
      throw toJobsError(error, options.redisUrl);
    } finally {
      refused.catch(() => undefined);
      await probe.close().catch(() => undefined);
    }
  }
}

function toJobQueue<D extends object>(queue: Queue): JobQueue<D> {
  return {
    async add(jobId, data, delayMs = 0) {
      await queue.add(queue.name, data, { jobId, ...(delayMs > 0 ? { delay: delayMs } : {}) });
    },
    async addAll(jobs) {
      // In Postgres, BullMQ's bulk insert makes and drops two temporary tables: catalogue rows that cost more than a few jobs.
      if (jobs.length <= FEW) for (const { jobId, data } of jobs) await queue.add(queue.name, data, { jobId });
      else await queue.addBulk(jobs.map(({ jobId, data }) => ({ name: queue.name, data, opts: { jobId } })));
    },
    async failed() {
      const jobs = await queue.getFailed(0, 999);
      return jobs.map((job) => ({
        id: job.id ?? '',
        data: job.data as unknown,
        reason: job.failedReason ?? '',
        attempts: job.attemptsMade,
      }));
    },
    async retry(jobId) {
      const job = await queue.getJob(jobId);
      if (job === undefined || !(await job.isFailed())) return false;
      await job.retry();
      return true;
    },
  };
}

function wrongHandlers(summary: string): MeshfleetError {
  return new MeshfleetError({
    code: 'INTERNAL',
    summary,
    why: 'a job without a handler would wait for ever; with two it would be anybody\'s guess which one runs',
    fix: 'Name exactly one handler per queue before start().',
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
