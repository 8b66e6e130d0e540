import type { Sql } from '../connection/sql.ts';
import type { Values } from '../connection/values.ts';
import { groupByParent, keyset, type Order, type Page, type Slice } from './keyset.ts';

export interface NestedList {
  /** Columns to read, without the parent. */
  readonly columns: string;
  /** From-clause with its joins. */
  readonly from: string;
  /** The row's column that names the parent. */
  readonly parent: string;
  readonly order: Order;
  readonly conditions: readonly string[];
}

/** One page of every parent's list in one statement, however many parents; in the order of the parents. */
export async function readNestedPage<R extends object>(
  sql: Sql,
  parents: readonly string[],
  list: NestedList,
  page: Page,
  values: Values,
): Promise<Slice<R & { parentId: string }>[]> {
  const ids = values.add(parents);
  const { conditions, tail } = keyset(list.order, page, values);
  const where = [`${list.parent} = parent.id`, ...list.conditions, ...conditions].join(' and ');
  const { rows } = await sql.query<R & { parentId: string }>(
    `select parent.id as "parentId", r.* from unnest(${ids}::uuid[]) with ordinality as parent (id, place)
     cross join lateral (select row_number() over () as "rowPlace", x.* from (select ${list.columns} from ${list.from} where ${where} ${tail}) x) r
     order by parent.place, r."rowPlace"`,
    values.list,
  );
  return groupByParent(parents, rows, page);
}

/** How long each parent's list is, in one statement. */
export async function countNested(sql: Sql, parents: readonly string[], list: Omit<NestedList, 'columns' | 'order'>, values: Values): Promise<number[]> {
  const ids = values.add(parents);
  const where = [`${list.parent} = any(${ids}::uuid[])`, ...list.conditions].join(' and ');
  const { rows } = await sql.query<{ parentId: string; count: number }>(
    `select ${list.parent} as "parentId", count(*) as count from ${list.from} where ${where} group by 1`,
    values.list,
  );
  const counts = new Map(rows.map((row) => [row.parentId, row.count]));
  return parents.map((parent) => counts.get(parent) ?? 0);
}
