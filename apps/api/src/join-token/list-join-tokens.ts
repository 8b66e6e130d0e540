import { countJoinTokens, findJoinTokens, listJoinTokens } from '@meshfleet/store';
import { connectionOf, pageOf, type Connection, type ConnectionArgs } from '../graphql/connection.ts';
import { byId } from '../request/by-id.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { joinTokenView } from './join-token-view.ts';

export const joinTokenById = byId(Symbol('join token'), findJoinTokens);

/** The organization's join tokens, newest first. */
export async function listJoinTokensOf(scope: RequestScope, args: ConnectionArgs): Promise<Connection<ReturnType<typeof joinTokenView>>> {
  const page = pageOf(args, ['uuid']);
  const slice = await listJoinTokens(await scope.read(), page);
  const now = new Date();
  return connectionOf(slice, (row) => [row.id], (row) => joinTokenView(row, now), async () => countJoinTokens(await scope.read()));
}
