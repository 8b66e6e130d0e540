import type { RolloutStatus } from '@meshfleet/planner';
import { countRollouts, listRollouts } from '@meshfleet/store';
import { connectionOf, pageOf, type Connection, type ConnectionArgs } from '../graphql/connection.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { rolloutView, type RolloutView } from './rollout-view.ts';

/** A page of the organization's rollouts, newest first. */
export async function listRolloutsOf(scope: RequestScope, args: ConnectionArgs & { status?: RolloutStatus[] | null }): Promise<Connection<RolloutView>> {
  const page = pageOf(args, ['uuid']);
  const filter = args.status === null || args.status === undefined ? {} : { status: args.status };
  const slice = await listRollouts(await scope.read(), filter, page);
  return connectionOf(slice, (row) => [row.id], rolloutView, async () => countRollouts(await scope.read(), filter));
}
