import { countFreezes, findFreezes, listFreezes, type FreezeRow } from '@meshfleet/store';
import { connectionOf, pageOf, type Connection, type ConnectionArgs } from '../graphql/connection.ts';
import { formatGlobalId } from '../graphql/global-id.ts';
import { byId } from '../request/by-id.ts';
import type { RequestScope } from '../request/request-scope.ts';

export const freezeById = byId(Symbol('freeze'), findFreezes);

/** A freeze as GraphQL's type Freeze. */
export function freezeView({ id, ...row }: FreezeRow) {
  return { __typename: 'Freeze' as const, id: formatGlobalId({ type: 'Freeze', id }), ...row };
}

/** The organization's freezes, newest first. */
export async function listFreezesOf(scope: RequestScope, args: ConnectionArgs & { open?: boolean | null }): Promise<Connection<ReturnType<typeof freezeView>>> {
  const page = pageOf(args, ['uuid']);
  const now = args.open === true ? new Date() : undefined;
  const slice = await listFreezes(await scope.read(), now, page);
  return connectionOf(slice, (row) => [row.id], freezeView, async () => countFreezes(await scope.read(), now));
}
