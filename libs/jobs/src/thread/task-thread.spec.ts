import { MeshfleetError } from '@meshfleet/model';
import { threadId } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TaskThread, type TaskLimits } from './task-thread.ts';
import { TASKS } from './tasks.fixture.ts';

let thread: TaskThread<typeof TASKS>;
beforeEach(() => {
  thread = new TaskThread(TASKS, new URL('./tasks.fixture.ts', import.meta.url), { each: 3, all: 5 });
});
afterEach(() => thread.close());

const limits = (longestMs: number): TaskLimits => {
  const error = (summary: string) => () => new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary, fix: 'Send less.' });
  return { longestMs, tooSlow: error('too slow'), tooMuch: error('too much') };
};
const PATIENT = limits(60_000);
/** Nobody sees the end of it. */
const FOREVER = Number.POSITIVE_INFINITY;

const read = (organization: string, count: number, how = PATIENT): Promise<string> =>
  thread.run(organization, 'count', { to: count }, how).then(
    (counted) => `${organization} ${counted.to}`,
    (error: unknown) => `${organization} ${(error as MeshfleetError).code}`,
  );

describe('the thread for what takes long', () => {
  it('lets an organization that sends little wait for one of another that sends much, and not for the rest', async () => {
    const order: string[] = [];
    const noted = [read('much', 40), read('much', 41), read('much', 42), read('little', 43)].map(async (answer) => order.push(await answer));
    await Promise.all(noted);
    expect(order).toEqual(['much 40', 'much 41', 'little 43', 'much 42']);
  });

  it('takes so much of one organization that others still find room, and says what to do', async () => {
    // The first is under way at once, the next three wait.
    const asked = Promise.all(Array.from({ length: 6 }, (_, index) => read('much', 40 + index)));
    const little = read('little', 7);
    expect(await asked).toEqual(['much 40', 'much 41', 'much 42', 'much 43', 'much LIMIT_EXCEEDED', 'much LIMIT_EXCEEDED']);
    expect(await little).toBe('little 7');
    const crowd = Promise.allSettled(Array.from({ length: 5 }, () => thread.run('much', 'count', { to: 5 }, PATIENT)));
    const refused = (await crowd).find((each) => each.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'LIMIT_EXCEEDED', fix: expect.stringContaining('fewer of them at once') as string });
  });

  it('ends what takes too long and does what waited behind it', async () => {
    const slow = read('slow', FOREVER, limits(1));
    const next = read('next', 5);
    expect(await slow).toBe('slow LIMIT_EXCEEDED');
    expect(await next).toBe('next 5');
  });

  it('tells who waits that the process is shutting down', async () => {
    const asked = [read('a', FOREVER), read('b', FOREVER)];
    await thread.close();
    expect(await Promise.all(asked)).toEqual(['a STORE_UNAVAILABLE', 'b STORE_UNAVAILABLE']);
  });

  it('does what is small where it is asked for, and the same in the thread otherwise', async () => {
    const asked = { to: 40, note: 'x'.repeat(1_000) };
    const where = async (small: number): Promise<number> => (await thread.runWhereItFits('a', 'count', asked, { ...PATIENT, small })).thread;
    expect(await where(10_000)).toBe(threadId);
    expect(await where(500)).not.toBe(threadId);
  });

  it('tells what went wrong in it', async () => {
    await expect(thread.run('a', 'fail', { why: 'no such mesh' }, PATIENT)).rejects.toMatchObject({ code: 'INTERNAL', why: expect.stringContaining('no such mesh') as string });
    expect(await read('a', 3)).toBe('a 3');
  });
});
