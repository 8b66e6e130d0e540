import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { createListener } from './listener.ts';

let t: TestStore;
beforeAll(async () => {
  t = await withTestStore();
});
afterAll(() => t.close());

const say = (channel: string, payload: string): Promise<unknown> => t.admin.query('select pg_notify($1, $2)', [channel, payload]);

async function backends(name: string): Promise<number[]> {
  const { rows } = await t.admin.query<{ pid: number }>('select pid from pg_stat_activity where application_name = $1 and datname = current_database()', [name]);
  return rows.map((row) => row.pid);
}

describe('listen', () => {
  it('hands each message to the handlers of its channel, over one connection', async () => {
    const listener = createListener(t.url, 'shared');
    const heard: string[] = [];
    await listener.listen('one', (payload) => heard.push(`a ${payload}`));
    await listener.listen('one', (payload) => heard.push(`b ${payload}`));
    await listener.listen('Two "quoted"', (payload) => heard.push(`c ${payload}`));
    await say('one', '1');
    await say('Two "quoted"', '2');
    await say('three', '3');
    await expect.poll(() => heard).toEqual(['a 1', 'b 1', 'c 2']);
    expect(await backends('shared-listen')).toHaveLength(1);
    await listener.close();
    await expect.poll(() => backends('shared-listen')).toEqual([]);
  });

  it('asks for many channels at once with one statement at a time', async () => {
    const warned: string[] = [];
    const note = ({ message }: Error): number => warned.push(message);
    process.on('warning', note);
    const listener = createListener(t.url, 'many');
    const heard: string[] = [];
    const stops = await Promise.all(['e', 'f', 'g'].map((channel) => listener.listen(channel, (payload) => heard.push(payload))));
    await say('g', 'x');
    await expect.poll(() => heard).toEqual(['x']);
    await Promise.all(stops.map((stop) => stop()));
    await listener.close();
    process.off('warning', note);
    expect(warned).toEqual([]);
  });

  it('hears nothing more once it has stopped, while others on the channel do', async () => {
    const listener = createListener(t.url, 'stopping');
    const heard: string[] = [];
    const stop = await listener.listen('c', () => heard.push('stopped'));
    await listener.listen('c', (payload) => heard.push(payload));
    await stop();
    await say('c', 'x');
    await expect.poll(() => heard).toEqual(['x']);
    await listener.close();
  });

  it('comes back after each cut of its connection, and says that it may have missed something', async () => {
    const listener = createListener(t.url, 'cut');
    const heard: string[] = [];
    let reconnects = 0;
    await listener.listen('d', (payload) => heard.push(payload), () => (reconnects += 1));
    for (let round = 1; round <= 3; round += 1) {
      const [pid] = await backends('cut-listen');
      await t.admin.query('select pg_terminate_backend($1)', [pid]);
      await expect.poll(() => reconnects).toBe(round);
      await say('d', `round ${round}`);
      await expect.poll(() => heard.at(-1)).toBe(`round ${round}`);
    }
    await listener.close();
  });

  it('starts while the database is away, and listens when it is there', async () => {
    const name = `late_${Date.now()}`;
    const url = t.url.replace(/\/[^/]+$/, `/${name}`);
    const listener = createListener(url, 'late');
    let connected = 0;
    const stop = await listener.listen('e', () => undefined, () => (connected += 1));
    expect(connected).toBe(0);
    await t.admin.query(`create database ${name}`);
    await expect.poll(() => connected, { timeout: 10_000 }).toBe(1);
    await stop();
    await listener.close();
  });
});
