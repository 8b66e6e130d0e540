import type { Page, Slice, Tx } from '@meshfleet/store';
import { connectionOf, pageOf, type Connection, type ConnectionArgs, type CursorShape } from '../graphql/connection.ts';
import type { RequestScope } from './request-scope.ts';

/** Of lists that are shown whole. */
export type NoFilter = Readonly<Record<string, never>>;

/** A list that many parents have one each of, read for all of them at once. */
export interface BatchedList<F, R> {
  readonly name: symbol;
  readonly cursor: CursorShape;
  position(row: R): readonly (string | number)[];
  read(tx: Tx, parents: readonly string[], filter: F, page: Page): Promise<readonly Slice<R>[]>;
  /** For lists that have a totalCount. */
  count?(tx: Tx, parents: readonly string[], filter: F): Promise<readonly number[]>;
}

interface Key<F> {
  readonly parent: string;
  readonly filter: F;
  /** Equal for keys that one statement can answer. */
  readonly group: string;
}

/** One parent's page as a connection; parents of the same request that ask for the same page share one statement. */
export async function batchedConnection<F, R, N>(
  scope: RequestScope,
  list: BatchedList<F, R>,
  parent: string,
  args: ConnectionArgs,
  filter: F,
  node: (row: R) => N,
): Promise<Connection<N>> {
  const page = pageOf(args, list.cursor);
  const loader = scope.loader<Key<F> & { page: Page }, Slice<R>>(
    list.name,
    (tx, keys) => byGroup(keys, (parents, key) => list.read(tx, parents, key.filter, key.page)),
    cacheKey,
  );
  const slice = await loader.load({ parent, filter, page, group: JSON.stringify([page, filter]) });
  const { count } = list;
  return connectionOf(slice, (row) => list.position(row), node, count === undefined ? undefined : () => counted(scope, list, parent, filter));
}

const countNames = new Map<symbol, symbol>();

function counted<F, R>(scope: RequestScope, list: BatchedList<F, R>, parent: string, filter: F): Promise<number> {
  const name = countNames.get(list.name) ?? Symbol(`count of ${String(list.name.description)}`);
  countNames.set(list.name, name);
  const loader = scope.loader<Key<F>, number>(
    name,
    (tx, keys) => byGroup(keys, async (parents, key) => (await list.count?.(tx, parents, key.filter)) ?? []),
    cacheKey,
  );
  return loader.load({ parent, filter, group: JSON.stringify(filter) });
}

function cacheKey(key: Key<unknown>): string {
  return `${key.parent} ${key.group}`;
}

/** One read per group of keys, answers in the order of the keys. */
async function byGroup<K extends Key<unknown>, V>(keys: readonly K[], read: (parents: readonly string[], key: K) => Promise<readonly V[]>): Promise<V[]> {
  const answers = new Map<string, V>();
  const groups = Map.groupBy(keys, (key) => key.group);
  await Promise.all(
    [...groups.values()].map(async (group) => {
      const parents = group.map((key) => key.parent);
      const [first] = group;
      if (first === undefined) return;
      const values = await read(parents, first);
      for (const [index, key] of group.entries()) answers.set(cacheKey(key), values[index] as V); // read answers for every parent
    }),
  );
  return keys.map((key) => answers.get(cacheKey(key)) as V);
}
