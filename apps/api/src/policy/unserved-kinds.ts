import { isMetadataKind, parseApiVersion, type ErrorEnvelope } from '@meshfleet/model';
import { findUnservedKinds, type PlacedCluster, type Tx } from '@meshfleet/store';
import { namesOf } from './gather-problems.ts';
import type { ReadManifests } from './read-manifests.ts';

/** Warns of kinds that some of the clusters do not serve: there the objects would fail until the kind's definition is installed. */
export async function unservedKinds(tx: Tx, { objects }: Pick<ReadManifests, 'objects'>, placed: readonly PlacedCluster[]): Promise<ErrorEnvelope[]> {
  const kinds = new Set<string>();
  for (const { body } of objects) {
    const { group } = parseApiVersion(body.apiVersion);
    // What every cluster serves is not reported.
    if (!isMetadataKind(group, body.kind)) kinds.add(`${body.apiVersion}/${body.kind}`);
  }
  const unserved = await findUnservedKinds(tx, placed, [...kinds].sort());
  return unserved.map(({ kind, clusters }) => ({
    code: 'KIND_NOT_SERVED',
    summary: `${kind} is not served in ${namesOf(clusters)}`,
    why: 'its definition is not installed there, or not in this version',
    fix: 'Install or update the definitions of the mesh in these clusters, or leave them out; the objects are applied as soon as the kind is served.',
    where: { field: ['input', 'manifests'], clusters },
  }));
}
