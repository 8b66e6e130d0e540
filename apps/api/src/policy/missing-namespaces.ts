import { parseObjectKey, type ErrorEnvelope } from '@meshfleet/model';
import type { Placement } from '@meshfleet/planner';
import { findMissingNamespaces, type Tx } from '@meshfleet/store';
import { namesOf } from './gather-problems.ts';
import type { PlacedIntent } from './warn-of-intent.ts';

/** Warns of namespaces that clusters do not have, as far as they have reported theirs: no policy creates one. */
export async function missingNamespaces(tx: Tx, { objects, field }: PlacedIntent, placement: Placement, subject: { policyName: string; policyId: string | undefined }): Promise<ErrorEnvelope[]> {
  const awaited = new Map<string, number>();
  for (const { key } of objects) {
    const parsed = parseObjectKey(key);
    const namespace = (parsed?.kind === 'Namespace' ? parsed.name : parsed?.namespace) ?? '';
    // One that differs from cluster to cluster is known when it is rendered.
    if (namespace !== '' && !namespace.includes('${')) awaited.set(namespace, (awaited.get(namespace) ?? 0) + 1);
  }
  const missing = await findMissingNamespaces(tx, placement, subject, [...awaited.keys()].sort());
  return missing.map(({ namespace, clusters }) => {
    const count = awaited.get(namespace) ?? 0;
    return {
      code: 'NAMESPACE_MISSING',
      summary: `There is no namespace ${namespace} in ${namesOf(clusters)}`,
      why: `no policy creates one, and ${count === 1 ? 'an object waits' : `${count} objects wait`} for it there`,
      fix: 'Create it, and what waits is applied within moments; or correct the namespace, or leave these clusters out.',
      where: { field, clusters },
    };
  });
}
