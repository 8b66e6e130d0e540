import { formatObjectKey, isMetadataKey, parseObjectKey, type ErrorEnvelope } from '@meshfleet/model';
import { findMissingObjects, type PlacedCluster, type Tx } from '@meshfleet/store';
import { namesOf } from './gather-problems.ts';
import type { PlacedIntent } from './warn-of-intent.ts';

/**
 * Warns of what clusters do not have, as far as they have reported what they have: namespaces that objects are for, and objects
 * of which only labels and annotations are set. No policy creates either.
 */
export async function missingObjects(tx: Tx, { objects, field }: PlacedIntent, placed: readonly PlacedCluster[]): Promise<ErrorEnvelope[]> {
  const awaiting = awaitedBy(objects);
  const missing = await findMissingObjects(tx, placed, [...awaiting.keys()].sort());
  const without = new Map(missing.map(({ key, clusters }) => [key, new Set(clusters)]));
  return missing.flatMap(({ key, clusters }): ErrorEnvelope[] => {
    const parsed = parseObjectKey(key);
    if (parsed?.kind === 'Namespace') return [noNamespace(parsed.name, clusters, awaiting.get(key) ?? 0, field)];
    // Of a cluster without the namespace that is said already.
    const others = clusters.filter((cluster) => without.get(namespaceKey(parsed?.namespace ?? ''))?.has(cluster) !== true);
    return others.length === 0 ? [] : [noObject(key, others, field)];
  });
}

/** What must be there, by key, and how many objects of the policy ask for it. What differs from cluster to cluster is known when it is rendered. */
function awaitedBy(objects: PlacedIntent['objects']): ReadonlyMap<string, number> {
  const awaiting = new Map<string, number>();
  for (const { key } of objects) {
    const parsed = parseObjectKey(key);
    if (parsed === undefined) continue;
    const keys = [...(parsed.namespace === '' ? [] : [namespaceKey(parsed.namespace)]), ...(isMetadataKey(key) ? [key] : [])];
    for (const each of keys) if (!each.includes('${')) awaiting.set(each, (awaiting.get(each) ?? 0) + 1);
  }
  return awaiting;
}

function namespaceKey(name: string): string {
  return formatObjectKey({ group: '', kind: 'Namespace', namespace: '', name });
}

function noNamespace(namespace: string, clusters: readonly string[], count: number, field: readonly string[]): ErrorEnvelope {
  return {
    code: 'NAMESPACE_MISSING',
    summary: `There is no namespace ${namespace} in ${namesOf(clusters)}`,
    why: `no policy creates one, and ${count === 1 ? 'an object waits' : `${count} objects wait`} for it there`,
    fix: 'Create it, and what waits is applied within moments; or correct the namespace, or leave these clusters out.',
    where: { field, clusters },
  };
}

function noObject(key: string, clusters: readonly string[], field: readonly string[]): ErrorEnvelope {
  return {
    code: 'OBJECT_MISSING',
    summary: `There is no ${key} in ${namesOf(clusters)}`,
    why: 'only labels and annotations of it would be set, and it is never created',
    fix: 'Correct its name, or leave these clusters out; when it comes, they are set.',
    where: { field, object: key, clusters },
  };
}
