import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MeshfleetError } from '@meshfleet/model';
import { isUniqueViolation } from './sql.ts';
import type { Tx } from './sql.ts';
import { openStore } from '../store.ts';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';

let t: TestStore;
beforeAll(async () => {
  t = await withTestStore();
});
afterAll(() => t.close());

/** Runs work against the database behind a proxy that counts the packets on their way to the server. */
async function countPackets<T>(databaseUrl: string, work: (url: string, sent: () => number) => Promise<T>): Promise<T> {
  const target = new URL(databaseUrl);
  const { port, hostname } = target;
  let sent = 0;
  const proxy = createServer((socket) => {
    const upstream = connect(Number(port), hostname);
    socket.on('data', () => (sent += 1));
    socket.pipe(upstream).pipe(socket);
    for (const side of [socket, upstream]) side.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    target.port = String((proxy.address() as AddressInfo).port);
    return await work(target.href, () => sent);
  } finally {
    proxy.close();
  }
}

const addContent = `insert into object_content (organization_id, hash, body, size) values ($1, $2, '{}', 2)`;

async function contentsOf(organizationId: string): Promise<string[]> {
  const { rows } = await t.admin.query<{ hash: string }>('select hash from object_content where organization_id = $1 order by hash', [organizationId]);
  return rows.map((row) => row.hash);
}

describe('a transaction', () => {
  it('keeps everything or nothing', async () => {
    const org = await t.createOrganization();
    await t.store.transaction(org, (tx) => tx.query(addContent, [org, 'kept']));
    const failing = t.store.transaction(org, async (tx) => {
      await tx.query(addContent, [org, 'gone']);
      throw new MeshfleetError({ code: 'CONFLICT', summary: 'changed my mind' });
    });
    await expect(failing).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await contentsOf(org)).toEqual(['kept']);
  });

  it('does not commit what is left when a failed statement was swallowed', async () => {
    const org = await t.createOrganization();
    const work = t.store.transaction(org, async (tx) => {
      await tx.query(addContent, [org, 'first']);
      await tx.query('select 1 / 0').catch(() => undefined);
    });
    await expect(work).rejects.toThrow('division by zero');
    expect(await contentsOf(org)).toEqual([]);
  });

  it('fails when a statement failed that nobody waited for', async () => {
    const org = await t.createOrganization();
    const work = t.store.transaction(org, (tx) => {
      tx.send(addContent, [org, 'twice']);
      tx.send(addContent, [org, 'twice']);
      return Promise.resolve();
    });
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, 'object_content_pkey')).toBe(true);
    expect(isUniqueViolation(error, 'another')).toBe(false);
    expect(await contentsOf(org)).toEqual([]);
  });

  it('lets work go on after a failure that a savepoint had fenced in', async () => {
    const org = await t.createOrganization();
    await t.store.transaction(org, async (tx) => {
      await tx.query('savepoint before');
      await tx.query('select 1 / 0').catch(() => undefined);
      await tx.query('rollback to savepoint before');
      await tx.query(addContent, [org, 'after']);
    });
    expect(await contentsOf(org)).toEqual(['after']);
  });

  it('cannot be used once it has ended, when its connection is somebody else\'s', async () => {
    const org = await t.createOrganization();
    let escaped: Tx | undefined;
    await t.store.transaction(org, (tx) => Promise.resolve(void (escaped = tx)));
    await expect(escaped?.query('select 1')).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(() => escaped?.send('select 1')).toThrow('used after it had ended');
  });

  it('gives numbers for bigint, dates for times, buffers for bytes', async () => {
    const org = await t.createOrganization();
    const { rows } = await t.store.transaction(org, (tx) =>
      tx.query(`select count(*) as count, 9007199254740991::bigint as big, now() as at, '\\x01'::bytea as bytes, '{"a":[1]}'::jsonb as json`),
    );
    expect(rows[0]).toMatchObject({ count: 1 - 0, big: Number.MAX_SAFE_INTEGER, at: expect.any(Date) as Date, bytes: Buffer.from([1]), json: { a: [1] } });
  });

  it('does not write when it was asked to read', async () => {
    const org = await t.createOrganization();
    await expect(t.store.transaction(org, (tx) => tx.query(addContent, [org, 'x']), { readOnly: true })).rejects.toThrow('read-only');
  });

  it('answers NOT_FOUND to an organization id that is none, and lets no SQL in with it', async () => {
    for (const id of ['', 'x', `' or true --`]) {
      await expect(t.store.transaction(id, () => Promise.resolve())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    const identity = `a'b\\'; drop table member; --`;
    await expect(t.store.identityTransaction(identity, async (sql) => (await sql.query(`select current_setting('app.identity') as i`)).rows[0])).resolves.toEqual({ i: identity });
  });
});

describe('a pooled connection', () => {
  it('shows the next organization nothing of the one before', async () => {
    const single = await openStore({ databaseUrl: t.url, poolSize: 1 });
    try {
      const [one, two] = [await t.createOrganization(), await t.createOrganization()];
      const pids = new Set<number>();
      for (const org of [one, two, one, two]) {
        const seen = await single.transaction(org, async (tx) => {
          const { rows } = await tx.query<{ id: string; pid: number }>('select id, pg_backend_pid() as pid from organization');
          rows.forEach((row) => pids.add(row.pid));
          return rows.map((row) => row.id);
        });
        expect(seen).toEqual([org]);
      }
      expect(pids.size).toBe(1);
      // Neither organization nor identity is left over for work that names none.
      const left = await single.identityTransaction('nobody', (sql) => sql.query('select id from organization'));
      expect(left.rows).toEqual([]);
    } finally {
      await single.close();
    }
  });

  it('runs as meshfleet_app, and cannot get back to the user that logged in by RESET ROLE', async () => {
    const org = await t.createOrganization();
    const role = await t.store.transaction(org, async (tx) => {
      await tx.query('reset role');
      return (await tx.query<{ role: string }>('select current_user as role')).rows[0]?.role;
    });
    expect(role).toBe('meshfleet_app');
  });

  it('is replaced when the server cut it, idle or at work', async () => {
    const org = await t.createOrganization();
    const cut = (): Promise<unknown> =>
      t.admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test' and pid <> pg_backend_pid() and datname = current_database()`);
    const working = t.store.transaction(org, async (tx) => {
      await tx.query('select 1');
      await cut();
      await tx.query('select 1');
    });
    await expect(working).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await cut();
    await expect.poll(() => t.store.ready().then(() => true, () => false)).toBe(true);
    await expect(t.store.transaction(org, () => Promise.resolve('fine'))).resolves.toBe('fine');
  });
});

describe('COMMIT', () => {
  it('that is cut off says that nobody knows its outcome', async () => {
    const org = await t.createOrganization();
    await t.admin.query(`create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(20); return null; end $$`);
    await t.admin.query(`create constraint trigger dawdle after insert on object_content deferrable initially deferred for each row when (new.hash = 'slow') execute function dawdle()`);
    const outcome = t.store.transaction(org, (tx) => tx.query(addContent, [org, 'slow'])).catch((error: unknown) => error);
    await expect.poll(async () => (await t.admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where query = 'commit' and state = 'active' and datname = current_database()`)).rowCount).toBe(1);
    expect(await outcome).toMatchObject({ code: 'STORE_UNAVAILABLE', why: 'the change may have been stored, or not' });
  });

  it('that a deferred constraint refuses is no lost connection', async () => {
    const org = await t.createOrganization();
    await t.admin.query(`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'late no' using errcode = '23514'; end $$`);
    await t.admin.query(`create constraint trigger refuse after insert on object_content deferrable initially deferred for each row when (new.hash = 'bad') execute function refuse()`);
    await expect(t.store.transaction(org, (tx) => tx.query(addContent, [org, 'bad']))).rejects.toMatchObject({ code: '23514' });
    expect(await contentsOf(org)).toEqual([]);
  });
});

describe('a round trip', () => {
  it('is saved: BEGIN and the first statement leave together, and the last ones with COMMIT', async () => {
    const org = await t.createOrganization();
    const packets = await countPackets(t.url, async (url, sent) => {
      const single = await openStore({ databaseUrl: url, poolSize: 1 });
      await single.transaction(org, (tx) => tx.query('select 1'));
      const before = sent();
      await single.transaction(org, async (tx) => {
        await tx.query('select 1');
        tx.send(addContent, [org, 'a']);
        tx.send(addContent, [org, 'b']);
      });
      const used = sent() - before;
      await single.close();
      return used;
    });
    expect(packets).toBe(2);
    expect(await contentsOf(org)).toEqual(['a', 'b']);
  });
});

describe('a deadlock', () => {
  it('is tried again until both have done their work', async () => {
    const org = await t.createOrganization();
    for (const hash of ['a', 'b']) await t.store.transaction(org, (tx) => tx.query(addContent, [org, hash]));
    let attempts = 0;
    const both = Promise.withResolvers<undefined>();
    const crossing = (first: string, second: string): Promise<void> =>
      t.store.transaction(org, async (tx) => {
        attempts += 1;
        const grow = (hash: string): Promise<unknown> => tx.query('update object_content set size = size + 1 where hash = $1', [hash]);
        await grow(first);
        if (attempts === 2) both.resolve(undefined);
        await both.promise;
        await grow(second);
      });
    await Promise.all([crossing('a', 'b'), crossing('b', 'a')]);
    expect(attempts).toBe(3);
    const { rows } = await t.admin.query<{ size: number }>('select size from object_content where organization_id = $1', [org]);
    expect(rows.map((row) => row.size)).toEqual([4, 4]);
  });

  it('reaches the caller when tries are used up', async () => {
    const org = await t.createOrganization();
    let attempts = 0;
    const hopeless = t.store.transaction(org, async (tx) => {
      attempts += 1;
      await tx.query(`do $$ begin raise exception 'again' using errcode = '40001'; end $$`);
    }, { retries: 2 });
    await expect(hopeless).rejects.toMatchObject({ code: '40001' });
    expect(attempts).toBe(3);
  });
});

describe('a notice', () => {
  it('is sent after COMMIT, once for many transactions that say the same, and never for one that failed', async () => {
    const org = await t.createOrganization();
    const heard: string[] = [];
    const stop = await t.store.listen('test_notice', (payload) => heard.push(payload));
    await t.store.transaction(org, (tx) => Promise.reject(new TypeError(String(tx.notify('test_notice', 'failed'))))).catch(() => undefined);
    await Promise.all(Array.from({ length: 100 }, () => t.store.transaction(org, (tx) => Promise.resolve(tx.notify('test_notice', 'same')))));
    await t.store.transaction(org, (tx) => Promise.resolve(tx.notify('test_notice', 'last')));
    await expect.poll(() => heard.at(-1)).toBe('last');
    expect(heard).not.toContain('failed');
    expect(heard.length).toBeLessThan(100);
    await stop();
  });
});
