import type { KubeObject } from '@meshfleet/model';
import { isMetadataKey } from '@meshfleet/model';
import { claimedFields } from '../share-metadata.ts';

/** Stands for any field of an object, as a variable does for any name. */
export const ANY_FIELD = '${*}';

/**
 * What a version may touch, by which two rollouts are held against each other: keys of objects, and where only labels and
 * annotations are set, each of those with its object's key before it, `Namespace/shop .metadata.labels.team`. The store says
 * the same in SQL of versions that are stored.
 * @param templated the objects differ from cluster to cluster: which labels one gets is known when it is rendered
 */
export function touchedNames(objects: readonly { readonly key: string; readonly body: KubeObject }[], templated: boolean): string[] {
  return objects.flatMap(({ key, body }) => {
    if (!isMetadataKey(key)) return [key];
    return templated ? [`${key} ${ANY_FIELD}`] : claimedFields(body).map(([field]) => `${key} ${field}`);
  });
}
