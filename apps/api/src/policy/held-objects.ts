import type { ErrorEnvelope } from '@meshfleet/model';
import { ANY_FIELD } from '@meshfleet/planner';
import { findOlderHolders, type PlacedCluster, type Tx } from '@meshfleet/store';
import { namesOf } from './gather-problems.ts';
import type { PlacedIntent } from './warn-of-intent.ts';

/** Warns of what older policies hold in these clusters, and keep: by a rollout or at once, this one does not get it. */
export async function heldObjects(tx: Tx, { touched, field }: PlacedIntent, placed: readonly PlacedCluster[], policyId: string | undefined): Promise<ErrorEnvelope[]> {
  const named = touched.filter((name) => !name.endsWith(ANY_FIELD));
  const holders = await findOlderHolders(tx, placed, policyId, named);
  return holders.map(({ policyName, touched: name, clusters }) => {
    const [object = '', label] = name.split(' ');
    return {
      code: 'OBJECT_HELD',
      summary: `${label === undefined ? object : `${label} of ${object}`} is held by the older policy ${policyName} in ${namesOf(clusters)}`,
      why: 'of two policies that want one object the older keeps it',
      fix: `Take it out of ${policyName} or of this policy, or place one of them elsewhere.`,
      where: { field, object, clusters },
    };
  });
}
