import type { Tx } from '@meshfleet/store';
import type { RequestScope } from './request-scope.ts';

/** Rows by id, batched and remembered within the request; undefined for ids that are not there, or not ours. */
export function byId<R extends { readonly id: string }>(name: symbol, read: (tx: Tx, ids: readonly string[]) => Promise<R[]>): (scope: RequestScope, id: string) => Promise<R | undefined> {
  const batch = async (tx: Tx, ids: readonly string[]): Promise<(R | undefined)[]> => {
    const found = new Map((await read(tx, ids)).map((row) => [row.id, row]));
    return ids.map((id) => found.get(id));
  };
  return (scope, id) => scope.loader<string, R | undefined>(name, batch).load(id);
}
