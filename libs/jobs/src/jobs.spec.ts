import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withTestStore } from '@meshfleet/store';
import type { TestStore } from '@meshfleet/store';
import { createJobs } from './index.ts';
import type { Jobs, JobsOptions } from './index.ts';
import { startRedis } from './testing/redis-server.ts';

let t: TestStore;
const opened: Jobs[] = [];
const redis = await startRedis();
const backends: [string, () => Pick<JobsOptions, 'redisUrl'>][] = [['Postgres', () => ({})]];
if ('url' in redis) backends.push(['Redis', () => ({ redisUrl: redis.url })]);
else it.skip(`jobs on Redis (not run: ${redis.why})`);

beforeAll(async () => {
  t = await withTestStore();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((jobs) => jobs.close()));
});
afterAll(async () => {
  await t.close();
  if ('url' in redis) await redis.stop();
});

describe.each(backends)('jobs on %s', (_backend, connection) => {
  let number = 0;

  async function open(options: Partial<JobsOptions> = {}): Promise<Jobs> {
    const jobs = await createJobs({ databaseUrl: t.url, ...connection(), ...options });
    opened.push(jobs);
    return jobs;
  }
  const freshName = (): string => `queue-${(number += 1)}`;

  it('hands a job and its data to the handler', async () => {
    const jobs = await open();
    const name = freshName();
    const seen: unknown[] = [];
    jobs.worker<{ n: number }>(name, (run) => Promise.resolve(void seen.push([run.id, run.data.n, run.attempt])));
    await jobs.queue<{ n: number }>(name).add('outbox-1', { n: 42 });
    expect(await jobs.drain()).toBe(1);
    expect(seen).toEqual([['outbox-1', 42, 1]]);
  });

  it('runs one of two jobs with the same id, also when the second comes after the first has ended', async () => {
    const jobs = await open();
    const name = freshName();
    let runs = 0;
    jobs.worker(name, () => Promise.resolve(void (runs += 1)));
    const queue = jobs.queue(name);
    await Promise.all([queue.add('same', {}), queue.add('same', {}), queue.addAll([{ jobId: 'same', data: {} }])]);
    await jobs.drain();
    await queue.add('same', {});
    await jobs.drain();
    expect(runs).toBe(1);
  });

  it('drains jobs that other jobs add, over several queues, to the last one', async () => {
    const jobs = await open();
    const [first, second] = [freshName(), freshName()];
    let handled = 0;
    jobs.worker<{ n: number }>(first, async ({ data }) => {
      handled += 1;
      await jobs.queue(second).add(`child-${data.n}`, {});
    }, { concurrency: 5 });
    jobs.worker(second, () => Promise.resolve(void (handled += 1)), { concurrency: 5 });
    await jobs.queue<{ n: number }>(first).addAll(Array.from({ length: 100 }, (_, n) => ({ jobId: `j-${n}`, data: { n } })));
    expect(await jobs.drain()).toBe(200);
    expect(handled).toBe(200);
    expect(await jobs.drain()).toBe(0);
  });

  it('tries a failing job again, and keeps it in sight once its attempts are used up', async () => {
    const failures: boolean[] = [];
    const jobs = await open({ attempts: 3, backoffMs: 1, onFailure: ({ last }) => failures.push(last) });
    const name = freshName();
    const attempts: number[] = [];
    jobs.worker(name, ({ attempt }) => {
      attempts.push(attempt);
      return Promise.reject(new TypeError('no luck'));
    });
    const queue = jobs.queue(name);
    await queue.add('bad', { why: 'test' });
    await jobs.start();
    await expect.poll(() => queue.failed(), { timeout: 10_000 }).toEqual([{ id: 'bad', data: { why: 'test' }, reason: 'no luck', attempts: 3 }]);
    expect(attempts).toEqual([1, 2, 3]);
    // A failed job can be seen a moment before its listener is told.
    await expect.poll(() => failures, { timeout: 10_000 }).toEqual([false, false, true]);
  });

  it('lets a person put a failed job in line again', async () => {
    const jobs = await open({ attempts: 1 });
    const name = freshName();
    let broken = true;
    let runs = 0;
    jobs.worker(name, () => {
      runs += 1;
      return broken ? Promise.reject(new TypeError('broken')) : Promise.resolve();
    });
    const queue = jobs.queue(name);
    await queue.add('job', {});
    await jobs.drain();
    broken = false;
    expect(await queue.retry('job')).toBe(true);
    // Its worker is still there, and may have it before the drain begins.
    await jobs.drain();
    expect(runs).toBe(2);
    expect(await queue.failed()).toEqual([]);
    expect(await queue.retry('unknown')).toBe(false);
  });

  it('shares the jobs of one queue among processes without running one twice', async () => {
    const name = freshName();
    const seen: string[] = [];
    const workers = await Promise.all([open(), open()]);
    for (const jobs of workers) {
      jobs.worker(name, async ({ id }) => {
        seen.push(id);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }, { concurrency: 4 });
    }
    await workers[0]?.queue(name).addAll(Array.from({ length: 200 }, (_, n) => ({ jobId: `j${n}`, data: {} })));
    await Promise.all(workers.map((jobs) => jobs.drain()));
    expect(seen).toHaveLength(200);
    expect(new Set(seen).size).toBe(200);
  });

  it('ends runs under way before it closes', async () => {
    const jobs = await createJobs({ databaseUrl: t.url, ...connection() });
    const name = freshName();
    let ended = false;
    const begun = new Promise<void>((resolve) => {
      jobs.worker(name, async () => {
        resolve();
        await new Promise((later) => setTimeout(later, 100));
        ended = true;
      });
    });
    await jobs.queue(name).add('slow', {});
    await jobs.start();
    await begun;
    await jobs.close();
    expect(ended).toBe(true);
  });

  it('gives a job to another process when the one that ran it was killed', async () => {
    const name = freshName();
    const options = { databaseUrl: t.url, ...connection(), lockMs: 1_000 };
    const source = `
      import { createJobs } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
      const jobs = await createJobs(${JSON.stringify(options)});
      jobs.worker(${JSON.stringify(name)}, () => { console.log('begun'); return new Promise(() => undefined); });
      await jobs.start();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
    const jobs = await open(options);
    await jobs.queue(name).add('half-done', {});
    await once(child.stdout, 'data');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    const runs: string[] = [];
    jobs.worker(name, ({ id }) => Promise.resolve(void runs.push(id)));
    expect(await jobs.drain()).toBe(1);
    expect(runs).toEqual(['half-done']);
  });

  it('does not start with a queue that nobody handles', async () => {
    const jobs = await open();
    jobs.queue('orphan');
    await expect(jobs.start()).rejects.toMatchObject({ code: 'INTERNAL', summary: 'No handler for queue orphan' });
  });

  it('does not take a second handler for one queue', async () => {
    const jobs = await open();
    const name = freshName();
    jobs.worker(name, () => Promise.resolve());
    expect(() => jobs.worker(name, () => Promise.resolve())).toThrow(`Queue ${name} has two handlers`);
  });
});

describe('a wrong configuration', () => {
  it.each([
    ['an unreadable REDIS_URL', { databaseUrl: 'postgresql://x/y', redisUrl: 'localhost' }, 'CONFIG_INVALID'],
    ['an unreadable DATABASE_URL', { databaseUrl: 'localhost' }, 'CONFIG_INVALID'],
    ['a Postgres that is not there', { databaseUrl: 'postgresql://127.0.0.1:1/db' }, 'STORE_UNAVAILABLE'],
    ['a Redis that is not there', { databaseUrl: 'postgresql://x/y', redisUrl: 'redis://127.0.0.1:1' }, 'STORE_UNAVAILABLE'],
  ])('is refused at start with a fix: %s', async (_what, options, code) => {
    const error: unknown = await createJobs(options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, fix: expect.stringMatching(/./) as string });
  });
});
