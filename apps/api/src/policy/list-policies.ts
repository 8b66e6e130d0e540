import { countPolicies, listPolicies } from '@meshfleet/store';
import { connectionOf, pageOf, type Connection, type ConnectionArgs } from '../graphql/connection.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { policyView, type PolicyView } from './policy-view.ts';

/** A page of the organization's policies by name, without the deleted ones. */
export async function listPoliciesOf(
  scope: RequestScope,
  args: ConnectionArgs & { filter?: { text?: string | null } | null },
): Promise<Connection<PolicyView>> {
  const page = pageOf(args, ['string', 'uuid']);
  const text = args.filter?.text?.slice(0, 200);
  const filter = text === undefined ? {} : { text };
  const slice = await listPolicies(await scope.read(), filter, page);
  return connectionOf(slice, (row) => [row.name, row.id], policyView, async () => countPolicies(await scope.read(), filter));
}
