import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { SEEDS } from './seed-rows.ts';
import { tenancyProblems } from './tenancy-problems.ts';

let t: TestStore;
let client: pg.Client;
beforeAll(async () => {
  t = await withTestStore();
  client = new pg.Client({ connectionString: t.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await t.close();
});

/** What the suite says of a database in which one thing was changed; the change is rolled back. */
async function problemsAfter(changes: readonly string[], tables?: readonly string[]): Promise<string[]> {
  await client.query('begin');
  try {
    for (const change of changes) await client.query(change);
    return await tenancyProblems(client, tables);
  } finally {
    await client.query('rollback');
  }
}

async function policies(): Promise<{ table: string; policy: string }[]> {
  const { rows } = await client.query<{ table: string; policy: string }>(
    `select tablename as table, policyname as policy from pg_policies where schemaname = 'public' order by 1, 2`,
  );
  return rows;
}

describe('organizations', () => {
  it('are separated in every table: reads and writes across them touch no row, and the app\'s role owns nothing', async () => {
    expect(await problemsAfter([])).toEqual([]);
  });

  it('are watched over by a suite that turns red for each policy that is dropped', async () => {
    const all = await policies();
    expect(new Set(all.map(({ table }) => table))).toEqual(new Set(Object.keys(SEEDS)));
    const unnoticed: string[] = [];
    for (const { table, policy } of all) {
      const problems = await problemsAfter([`drop policy ${policy} on ${table}`], [table]);
      if (!problems.some((problem) => problem.startsWith(`${table}: `))) unnoticed.push(`${table}.${policy}`);
    }
    expect(unnoticed).toEqual([]);
  });

  it.each(Object.keys(SEEDS))('are watched over by a suite that turns red when security of the table %s is off, not forced or open', async (table) => {
    const column = table === 'organization' ? 'id' : 'organization_id';
    const changes: string[][] = [
      [`alter table ${table} disable row level security`],
      [`alter table ${table} no force row level security`],
      [`alter policy tenant on ${table} using (true)`],
      [`create policy gap on ${table} for insert to meshfleet_app with check (true)`],
      [`alter policy tenant on ${table} to meshfleet_relay`],
      // Without nullif a pooled connection raises on its next use.
      [`alter policy tenant on ${table} using (${column} = current_setting('app.organization_id', true)::uuid)`],
      [`alter table ${table} owner to meshfleet_app`],
    ];
    const unnoticed: string[] = [];
    for (const change of changes) {
      const problems = await problemsAfter(change, [table]);
      if (!problems.some((problem) => problem.startsWith(`${table}: `))) unnoticed.push(change.join('; '));
    }
    expect(unnoticed).toEqual([]);
  });

  it('are watched over by a suite that turns red for a role that bypasses, and for a new table that is not separated', async () => {
    expect(await problemsAfter(['alter role meshfleet_app bypassrls'], [])).not.toEqual([]);
    expect(await problemsAfter(['alter role meshfleet_relay superuser'], [])).not.toEqual([]);
    expect(await problemsAfter(['grant create on schema public to meshfleet_app'], [])).not.toEqual([]);
    expect(await problemsAfter(['create table forgotten (organization_id uuid)'], [])).toHaveLength(3);
  });
});
