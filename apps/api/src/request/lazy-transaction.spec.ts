import { withTestStore, type TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LazyTransaction } from './lazy-transaction.ts';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

it('a read whose connection is cut says that the database is away, and the next one reads on another', async () => {
  const transaction = new LazyTransaction(test.store, await test.createOrganization());
  const { rows } = await (await transaction.tx()).query<{ pid: number }>('select pg_backend_pid() as pid');
  await test.admin.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await expect((await transaction.tx()).query('select 1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  transaction.end();
  expect((await (await transaction.tx()).query<{ one: number }>('select 1 as one')).rows).toEqual([{ one: 1 }]);
  transaction.end();
});

it('who was in the middle of several reads when another gave the connection back reads on', async () => {
  const transaction = new LazyTransaction(test.store, await test.createOrganization());
  const tx = await transaction.tx();
  const slow = tx.query<{ one: number }>('select 1 as one, pg_sleep(0.05)');
  transaction.end();
  expect((await slow).rows).toMatchObject([{ one: 1 }]);
  expect((await tx.query<{ two: number }>('select 2 as two')).rows).toEqual([{ two: 2 }]);
  transaction.end();
  // Given back, all of it: nobody is left in a transaction.
  await expect.poll(async () => (await test.admin.query(`select from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`)).rowCount).toBe(0);
});
