import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../store.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { enqueue, OUTBOX_CHANNEL } from './enqueue.ts';

let t: TestStore;
let org: string;
beforeAll(async () => {
  t = await withTestStore();
});
beforeEach(async () => {
  await t.admin.query('delete from outbox');
  org = await t.createOrganization();
});
afterAll(() => t.close());

function announce(version: number): Promise<void> {
  return t.store.transaction(org, (tx) => enqueue(tx, 'policy.changed', { policyId: 'p', version, actor: 'user:me' }));
}

async function left(): Promise<number> {
  return (await t.admin.query('select 1 from outbox')).rowCount;
}

/** Takes all that there is; each row's version is noted when it is handed on, before the row is taken away. */
async function relayAll(store: Store, handed: number[], limit = 5): Promise<void> {
  for (;;) {
    const claim = await store.relay.claimOutbox(limit);
    for (const row of claim.rows) handed.push(Number(row.payload['version']));
    await claim.done();
    if (claim.rows.length === 0) return;
  }
}

describe('the outbox', () => {
  it('hands rows on in order, with all that they say, and forgets them', async () => {
    for (let version = 1; version <= 7; version += 1) await announce(version);
    const first = await t.store.relay.claimOutbox(1);
    expect(first.rows).toEqual([
      { id: expect.any(Number) as number, organizationId: org, topic: 'policy.changed', payload: { policyId: 'p', version: 1, actor: 'user:me' }, createdAt: expect.any(Date) as Date },
    ]);
    await first.done();
    const handed: number[] = [];
    await relayAll(t.store, handed);
    expect(handed).toEqual([2, 3, 4, 5, 6, 7]);
    expect(await left()).toBe(0);
  });

  it('announces nothing of a transaction that failed', async () => {
    await t.store
      .transaction(org, async (tx) => {
        await enqueue(tx, 'organization.resumed', {});
        throw new TypeError('no');
      })
      .catch(() => undefined);
    expect(await left()).toBe(0);
  });

  it('tells listeners which organization has something', async () => {
    const heard: string[] = [];
    const stop = await t.store.listen(OUTBOX_CHANNEL, (payload) => heard.push(payload));
    await announce(1);
    await expect.poll(() => heard).toEqual([org]);
    await stop();
  });

  it('gives a row to one claim at a time, and back when it is abandoned', async () => {
    await announce(1);
    await announce(2);
    const one = await t.store.relay.claimOutbox(1);
    const two = await t.store.relay.claimOutbox(5);
    expect([one.rows.length, two.rows.length]).toEqual([1, 1]);
    await one.abandon();
    await two.done();
    const again = await t.store.relay.claimOutbox(5);
    expect(again.rows.map((row) => row.payload['version'])).toEqual([1]);
    await again.done();
    expect(await left()).toBe(0);
  });

  it('does not wait for rows whose transaction is not finished, and misses none of them later', async () => {
    const held = Promise.withResolvers<undefined>();
    const slow = t.store.transaction(org, async (tx) => {
      await enqueue(tx, 'policy.changed', { policyId: 'p', version: 1, actor: 'a' });
      await held.promise;
    });
    await announce(2);
    const handed: number[] = [];
    await relayAll(t.store, handed);
    held.resolve(undefined);
    await slow;
    await relayAll(t.store, handed);
    expect(handed.sort()).toEqual([1, 2]);
  });

  it('loses nothing when relays are cut at random while others write: each row at least once', async () => {
    const COUNT = 300;
    const relays = await Promise.all([t.openAnother('victim'), t.openAnother('victim')]);
    const handed: number[] = [];
    let writing = true;
    const writers = Promise.all(
      Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 0; n < COUNT / 4; n += 1) await announce(writer * (COUNT / 4) + n);
      }),
    ).finally(() => (writing = false));
    const killer = (async () => {
      for (let cuts = 0; writing || cuts < 20; cuts += 1) {
        await t.admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim-relay' and random() < 0.5`);
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    })();
    const claimers = relays.map(async (store) => {
      while (writing || (await left()) > 0) await relayAll(store, handed, 3).catch(() => undefined);
    });
    await Promise.all([writers, killer, ...claimers]);
    expect(await left()).toBe(0);
    expect(new Set(handed).size).toBe(COUNT);
  });

  it('gives back what a relay held whose process was killed', async () => {
    await announce(1);
    const source = `
      import { openStore } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)};
      const store = await openStore({ databaseUrl: process.env.DATABASE_URL });
      const claim = await store.relay.claimOutbox(10);
      console.log('holds', claim.rows.length);
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { env: { ...process.env, DATABASE_URL: t.url }, stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    expect(said.toString().trim()).toBe('holds 1');
    const empty = await t.store.relay.claimOutbox(10);
    expect(empty.rows).toEqual([]);
    await empty.done();
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    const handed: number[] = [];
    await expect.poll(async () => { await relayAll(t.store, handed); return handed; }).toEqual([1]);
  });

  it('lets the relay see ids of organizations', async () => {
    expect(await t.store.relay.organizationIds()).toContain(org);
  });
});
