import type { ErrorEnvelope } from '@meshfleet/model';
import type { Tx } from '@meshfleet/store';
import type { Intent } from './apply-policy.ts';
import { endWarnings } from './end-of-object.ts';
import { placementWarnings } from './placement-warnings.ts';
import { idleTakeOvers } from './take-over.ts';
import { unservedKinds } from './unserved-kinds.ts';

/** What works in a policy that is applied, and should be looked at. */
export async function warningsOf(tx: Tx, { name, read, placement, takeOver, patches }: Pick<Intent, 'name' | 'read' | 'placement' | 'takeOver' | 'patches'>, policyId: string | undefined, now: Date): Promise<ErrorEnvelope[]> {
  const subject = { policyName: name, policyId };
  // A patch may set it in some clusters.
  const idle = patches.length > 0 ? [] : idleTakeOvers(read.objects, takeOver);
  return [...read.warnings, ...idle, ...endWarnings(read.objects, now), ...(await placementWarnings(tx, placement, subject)), ...(await unservedKinds(tx, read, placement, subject))];
}
