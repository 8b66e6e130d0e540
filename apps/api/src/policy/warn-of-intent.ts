import type { ErrorEnvelope } from '@meshfleet/model';
import type { Tx } from '@meshfleet/store';
import type { Intent } from './apply-policy.ts';
import { endWarnings } from './end-of-object.ts';
import { placementWarnings } from './placement-warnings.ts';
import { unservedKinds } from './unserved-kinds.ts';

/** What works in a policy that is applied, and should be looked at. */
export async function warningsOf(tx: Tx, { name, read, placement }: Pick<Intent, 'name' | 'read' | 'placement'>, policyId: string | undefined, now: Date): Promise<ErrorEnvelope[]> {
  const subject = { policyName: name, policyId };
  return [...read.warnings, ...endWarnings(read.objects, now), ...(await placementWarnings(tx, placement, subject)), ...(await unservedKinds(tx, read, placement, subject))];
}
