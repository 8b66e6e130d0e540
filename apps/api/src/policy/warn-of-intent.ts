import { isMetadataKey, type ErrorEnvelope, type KubeObject } from '@meshfleet/model';
import { touchedNames, type AssignedObject, type Placement } from '@meshfleet/planner';
import { findPlacedClusters, loadContents, type PlacedCluster, type PlacedSubject, type PolicyVersionRow, type Tx } from '@meshfleet/store';
import type { Intent } from './apply-policy.ts';
import { droppedTakeOvers } from './dropped-take-overs.ts';
import { endWarnings } from './end-of-object.ts';
import { fewOfEach } from './few-of-each.ts';
import { foreignObjects } from './foreign-objects.ts';
import { heldObjects } from './held-objects.ts';
import { missingObjects } from './missing-objects.ts';
import { placementWarnings } from './placement-warnings.ts';
import type { ReadManifests } from './read-manifests.ts';
import { idleTakeOvers } from './take-over.ts';
import { unservedKinds } from './unserved-kinds.ts';

/** What would be placed: its objects, what they touch (`touchedNames`), and the field of the input that says so. */
export interface PlacedIntent {
  /** Those that are stored, or are templates, come without bodies. */
  readonly objects: readonly (Pick<AssignedObject, 'key' | 'hash' | 'conflicts' | 'takeOver'> & { readonly body?: KubeObject })[];
  readonly conflicts: 'REPORT' | 'FORCE';
  readonly touched: readonly string[];
  readonly field: readonly string[];
}

/** The clusters that the placement selects, and the policy, if it is there already. */
export interface Placed {
  readonly clusters: readonly PlacedCluster[];
  readonly policyId: string | undefined;
}

/** What works in a policy that is applied, and should be looked at. */
export async function warningsOf(tx: Tx, { name, read, placement, conflicts, takeOver, patches, preset }: Pick<Intent, 'name' | 'read' | 'placement' | 'conflicts' | 'takeOver' | 'patches' | 'preset'>, policyId: string | undefined, now: Date): Promise<ErrorEnvelope[]> {
  const placed = { clusters: await findPlacedClusters(tx, placement, { policyName: name, policyId }), policyId };
  const intent = placedIntent(read, preset, conflicts);
  // A patch may set it in some clusters.
  const idle = patches.length > 0 ? [] : idleTakeOvers(read.objects, takeOver);
  const [asPlaced, dropped, unserved] = await Promise.all([warningsWherePlaced(tx, intent, placement, placed), droppedTakeOvers(tx, intent, placed, ['input', 'takeOver']), unservedKinds(tx, read, placed.clusters)]);
  return fewOfEach([...read.warnings, ...idle, ...endWarnings(read.objects, now), ...asPlaced, ...dropped, ...unserved]);
}

export function placedIntent({ objects, inputs }: Pick<ReadManifests, 'objects' | 'inputs'>, preset: string | null, conflicts: PlacedIntent['conflicts']): PlacedIntent {
  return { objects, conflicts, touched: touchedNames(objects, inputs !== null), field: ['input', preset === null ? 'manifests' : 'preset'] };
}

/** The same of a version that is brought back. */
export async function warningsOfVersion(tx: Tx, { objects, inputs, conflicts }: Pick<PolicyVersionRow, 'objects' | 'inputs' | 'conflicts'>, placement: Placement, subject: PlacedSubject): Promise<ErrorEnvelope[]> {
  const labelled = objects.filter(({ key }) => isMetadataKey(key));
  const bodies = labelled.length === 0 || inputs !== null ? undefined : await loadContents(tx, labelled.map(({ hash }) => hash));
  const touched = objects.flatMap(({ key, hash }) => {
    if (!isMetadataKey(key)) return [key];
    const body = bodies?.get(hash);
    return body === undefined ? [] : touchedNames([{ key, body }], false);
  });
  const placed = { clusters: await findPlacedClusters(tx, placement, subject), policyId: subject.policyId };
  const intent = { objects, conflicts, touched, field: ['input', 'version'] };
  const [asPlaced, dropped] = await Promise.all([warningsWherePlaced(tx, intent, placement, placed), droppedTakeOvers(tx, intent, placed, intent.field)]);
  return fewOfEach([...asPlaced, ...dropped]);
}

/** What of it would not come to be in clusters as they are now. */
export async function warningsWherePlaced(tx: Tx, intent: PlacedIntent, placement: Placement, { clusters, policyId }: Placed): Promise<ErrorEnvelope[]> {
  // Sent together.
  const found = await Promise.all([placementWarnings(tx, placement, clusters), missingObjects(tx, intent, clusters), foreignObjects(tx, intent, clusters), heldObjects(tx, intent, clusters, policyId)]);
  return found.flat();
}
