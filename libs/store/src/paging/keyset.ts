import type { Values } from '../connection/values.ts';

/** A page of a list in Relay's sense: so many rows from an end or a cursor on. */
export interface Page {
  /** Rows wanted; one more is read to know whether others follow. */
  readonly limit: number;
  /** Read from the end towards the beginning (`last`); rows still come back in the list's order. */
  readonly backwards: boolean;
  /** Only rows after this position. */
  readonly after?: Position;
  /** Only rows before this position. */
  readonly before?: Position;
}

/** Values of the order's columns in one row. */
export type Position = readonly (string | number)[];

/** The order of a list: columns that together are unique, all in one direction. */
export interface Order {
  readonly columns: readonly OrderColumn[];
  readonly descending?: boolean;
}

export interface OrderColumn {
  /** Expression in SQL. */
  readonly sql: string;
  readonly type: 'text' | 'uuid' | 'bigint' | 'int' | 'timestamptz';
}

export interface Slice<R> {
  readonly rows: R[];
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
}

/** Conditions, order and limit of a page, as SQL; conditions hold for what an index on the columns can seek. */
export function keyset(order: Order, page: Page, values: Values): { readonly conditions: string[]; readonly tail: string } {
  const descending = order.descending ?? false;
  const row = `(${order.columns.map((column) => column.sql).join(', ')})`;
  const conditions: string[] = [];
  const bound = (position: Position, operator: '>' | '<'): void => {
    const list = order.columns.map((column, index) => `${values.add(position[index])}::${column.type}`);
    conditions.push(`${row} ${operator} (${list.join(', ')})`);
  };
  if (page.after !== undefined) bound(page.after, descending ? '<' : '>');
  if (page.before !== undefined) bound(page.before, descending ? '>' : '<');
  const direction = descending === page.backwards ? 'asc' : 'desc';
  const by = order.columns.map((column) => `${column.sql} ${direction}`).join(', ');
  return { conditions, tail: `order by ${by} limit ${values.add(page.limit + 1)}` };
}

/** Cuts the one row too many and puts the rest in the list's order. */
export function slice<R>(rows: readonly R[], page: Page): Slice<R> {
  const more = rows.length > page.limit;
  const kept = rows.slice(0, page.limit);
  if (page.backwards) return { rows: kept.reverse(), hasNext: page.before !== undefined, hasPrevious: more };
  return { rows: kept, hasNext: more, hasPrevious: page.after !== undefined };
}

/** Rows of many parents' lists, each parent's in the order read, as one slice per parent in the order of the parents. */
export function groupByParent<R extends { parentId: string }>(parents: readonly string[], rows: readonly R[], page: Page): Slice<R>[] {
  const groups = new Map<string, R[]>();
  for (const row of rows) {
    const group = groups.get(row.parentId);
    if (group === undefined) groups.set(row.parentId, [row]);
    else group.push(row);
  }
  return parents.map((parent) => slice(groups.get(parent) ?? [], page));
}
