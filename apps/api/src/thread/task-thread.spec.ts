import { MeshfleetError } from '@meshfleet/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ManifestOrder } from '../policy/read-manifests.ts';
import { TaskThread, type TaskLimits } from './task-thread.ts';

let thread: TaskThread;
beforeEach(() => {
  thread = new TaskThread({ each: 3, all: 5 });
});
afterEach(() => thread.close());

const limits = (longestMs: number): TaskLimits => {
  const error = (summary: string) => () => new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary, fix: 'Send less.' });
  return { longestMs, tooSlow: error('too slow'), tooMuch: error('too much') };
};
const PATIENT = limits(60_000);

const order = (count: number): ManifestOrder => ({
  text: Array.from({ length: count }, (_, index) => `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: e${index}, namespace: shop}\nspec: {hosts: [e${index}.example.com], ports: [{number: 443, name: https, protocol: HTTPS}], resolution: DNS}\n`).join('---\n'),
  defaultNamespace: undefined,
  variables: [],
  patches: [],
  targets: [],
  served: [],
  allowPartial: false,
});
const read = (organization: string, count: number, how = PATIENT): Promise<string> =>
  thread.run(organization, 'readManifests', order(count), how).then(
    ({ objects }) => `${organization} ${objects.length}`,
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
    const crowd = Promise.allSettled(Array.from({ length: 5 }, () => thread.run('much', 'readManifests', order(5), PATIENT)));
    const refused = (await crowd).find((each) => each.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'LIMIT_EXCEEDED', fix: expect.stringContaining('fewer of them at once') as string });
  });

  it('ends what takes too long and does what waited behind it', async () => {
    const slow = read('slow', 3_000, limits(1));
    const next = read('next', 5);
    expect(await slow).toBe('slow LIMIT_EXCEEDED');
    expect(await next).toBe('next 5');
  });

  it('tells who waits that the process is shutting down', async () => {
    const asked = [read('a', 2_000), read('b', 2_000)];
    await thread.close();
    expect(await Promise.all(asked)).toEqual(['a STORE_UNAVAILABLE', 'b STORE_UNAVAILABLE']);
  });
});
