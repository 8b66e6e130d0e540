import { findPolicies, findPolicyByName, type PolicyRow, type Tx } from '@meshfleet/store';
import { parseGlobalId } from '../graphql/global-id.ts';

/** The live policy that an input names, by id or by name. */
export async function findPolicy(tx: Tx, { id, name }: { readonly id?: string | null | undefined; readonly name?: string | null | undefined }): Promise<PolicyRow | undefined> {
  if (typeof name === 'string') return findPolicyByName(tx, name);
  const parsed = typeof id === 'string' ? parseGlobalId(id) : undefined;
  const [found] = parsed?.type === 'Policy' ? await findPolicies(tx, [parsed.id]) : [];
  return found?.deletedAt === null ? found : undefined;
}
