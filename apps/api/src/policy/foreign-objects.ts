import { isMetadataKey, type ErrorEnvelope } from '@meshfleet/model';
import type { AssignedObject } from '@meshfleet/planner';
import { findForeignObjects, type PlacedCluster, type Tx } from '@meshfleet/store';
import { namesOf } from './gather-problems.ts';
import type { PlacedIntent } from './warn-of-intent.ts';

/** Warns of objects that somebody else has written, as clusters reported them, and that the policy does not take over as a whole. */
export async function foreignObjects(tx: Tx, { objects, conflicts, field }: PlacedIntent, placed: readonly PlacedCluster[]): Promise<ErrorEnvelope[]> {
  if (conflicts === 'FORCE') return [];
  const wanted = new Map(objects.filter(isWhole).map((object) => [object.key, object]));
  const found = await findForeignObjects(tx, placed, [...wanted.keys()].sort());
  return found.map(({ key, managers, clusters }) => {
    const taken = wanted.get(key)?.takeOver;
    return {
      code: 'OBJECT_EXISTS',
      summary: `${key} is in ${namesOf(clusters)} already, written by ${managers.join(', ')}`,
      why: `where both set ${taken === undefined ? 'a field' : `another field than ${taken.join(', ')}`} differently, it fails with Conflict and stays as it is`,
      fix: 'See in policyPreview { clusters { nodes { dryRun } } } which fields these are; have their owner give them up, or name them in takeOver.',
      where: { field, object: key, clusters },
    };
  });
}

/** Of what is only labelled others have the rest anyway, and what is taken as a whole is in nobody's way. */
function isWhole({ key, conflicts }: Pick<AssignedObject, 'key' | 'conflicts'>): boolean {
  return conflicts !== 'FORCE' && !key.includes('${') && !isMetadataKey(key);
}
