import { findPolicyByName, type LockedPolicy, type PolicyRow } from '@meshfleet/store';
import { rowId } from '../graphql/global-id.ts';
import { noSuchPolicy } from '../policy/delete-policy.ts';
import { findPolicy } from '../policy/find-policy.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { activeRolloutOf } from '../rollout/rollout-loaders.ts';

/** A policy as a mutation would lock it, without a lock. */
type ReadPolicy = PolicyRow & LockedPolicy;

/** The policy that the next version of this name would be of. */
export async function readPolicyByName(scope: RequestScope, name: string): Promise<ReadPolicy | undefined> {
  const policy = await findPolicyByName(await scope.read(), name);
  return policy === undefined ? undefined : withActiveRollout(scope, policy);
}

/** The policy that an input names. @throws MeshfleetError as the mutations do */
export async function readPolicy(scope: RequestScope, named: { readonly id?: string | undefined; readonly name?: string | undefined }): Promise<ReadPolicy> {
  const policy = await findPolicy(await scope.read(), named);
  if (policy !== undefined) return withActiveRollout(scope, policy);
  if (named.id !== undefined) rowId('Policy', named.id);
  throw noSuchPolicy(named.id === undefined ? 'name' : 'id');
}

async function withActiveRollout(scope: RequestScope, policy: PolicyRow): Promise<ReadPolicy> {
  return { ...policy, activeRolloutId: (await activeRolloutOf(scope, policy.id))?.id ?? null };
}
