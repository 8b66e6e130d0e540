import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { readSchema } from './read-schema.ts';
import type { SchemaTable } from './read-schema.ts';

const schema = readSchema(readFileSync(new URL('../../../../prisma/schema.prisma', import.meta.url), 'utf8'));

let t: TestStore;
beforeAll(async () => {
  t = await withTestStore();
});
afterAll(() => t.close());

/** What the migrations really made, in the words of {@link SchemaTable}. */
async function introspect(): Promise<Record<string, SchemaTable>> {
  const columns = await t.admin.query<{ table: string; name: string; type: string }>(
    `select c.table_name as table, c.column_name as name, c.udt_name || case c.is_nullable when 'YES' then ' null' else '' end
       || case when c.column_default is not null or c.is_identity = 'YES' then ' default' else '' end as type
     from information_schema.columns c where c.table_schema = 'public' and c.table_name <> '_prisma_migrations'`,
  );
  const indexes = await t.admin.query<{ table: string; kind: 'primary' | 'unique' | 'index'; columns: string }>(
    `select t.relname as table, case when i.indisprimary then 'primary' when i.indisunique then 'unique' else 'index' end as kind,
       (select string_agg(a.attname, ', ' order by k.place) from unnest(i.indkey) with ordinality k (number, place)
        join pg_attribute a on a.attrelid = t.oid and a.attnum = k.number) as columns
     from pg_index i join pg_class t on t.oid = i.indrelid
     where t.relnamespace = 'public'::regnamespace and t.relname <> '_prisma_migrations' and i.indpred is null`,
  );
  const foreignKeys = await t.admin.query<{ table: string; key: string }>(
    `select c.conrelid::regclass::text as table, format('(%s) -> %s(%s) on delete %s',
       (select string_agg(a.attname, ', ' order by k.place) from unnest(c.conkey) with ordinality k (number, place) join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number),
       c.confrelid::regclass,
       (select string_agg(a.attname, ', ' order by k.place) from unnest(c.confkey) with ordinality k (number, place) join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.number),
       case c.confdeltype when 'c' then 'cascade' when 'a' then 'noaction' else c.confdeltype::text end) as key
     from pg_constraint c where c.contype = 'f' and c.connamespace = 'public'::regnamespace`,
  );
  const tables = [...new Set(columns.rows.map((row) => row.table))];
  return Object.fromEntries(
    tables.map((table) => {
      const of = (kind: string): string[] => indexes.rows.filter((row) => row.table === table && row.kind === kind).map((row) => row.columns).sort();
      return [
        table,
        {
          columns: Object.fromEntries(columns.rows.filter((row) => row.table === table).map((row) => [row.name, row.type])),
          primaryKey: (of('primary')[0] ?? '').split(', '),
          uniques: of('unique'),
          indexes: of('index'),
          foreignKeys: foreignKeys.rows.filter((row) => row.table === table).map((row) => row.key).sort(),
        },
      ];
    }),
  );
}

describe('schema.prisma', () => {
  it('names the very tables, columns, types, defaults, keys and indexes that the migrations make', async () => {
    expect(schema).toEqual(await introspect());
  });

  it.each([
    ['a column more', 'alter table policy add column extra text'],
    ['a column less', 'alter table policy drop column description'],
    ['another type', 'alter table policy alter column name type varchar(10)'],
    ['null where none was', 'alter table policy alter column name drop not null'],
    ['a default less', 'alter table policy alter column row_version drop default'],
    ['a table more', 'create table extra (id uuid primary key)'],
    ['another key', 'alter table idempotency drop constraint idempotency_pkey, add primary key (key, organization_id)'],
    ['an index more', 'create index extra on policy (created_at)'],
    ['a foreign key less', 'alter table policy drop constraint policy_organization_id_fkey'],
  ])('is told apart from a database with %s', async (_what, change) => {
    const other = await withTestStore();
    try {
      await other.admin.query(change);
      const before = t;
      t = other;
      const found = await introspect().finally(() => (t = before));
      expect(found).not.toEqual(schema);
    } finally {
      await other.close();
    }
  });
});
