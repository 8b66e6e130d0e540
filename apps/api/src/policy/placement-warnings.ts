import type { ErrorEnvelope } from '@meshfleet/model';
import { selectorOf, type Placement } from '@meshfleet/planner';
import { existingClusterNames, type PlacedCluster, type Tx } from '@meshfleet/store';

/** What may be misspelt in a placement: a name that no cluster has, or all of it, when it selects nobody. */
export async function placementWarnings(tx: Tx, placement: Placement, placed: readonly PlacedCluster[]): Promise<ErrorEnvelope[]> {
  const unknown = await unknownClusters(tx, placement);
  // Of names that nobody has enough is said.
  const said = selectorOf(placement) === null && unknown.length > 0;
  return placed.length > 0 || said ? unknown : [...unknown, selectsNobody(placement)];
}

/** A cluster may be named before it enrols; more often its name is misspelt. */
async function unknownClusters(tx: Tx, { clusterNames, excludeClusterNames }: Placement): Promise<ErrorEnvelope[]> {
  const named = [...clusterNames, ...excludeClusterNames];
  if (named.length === 0) return [];
  const known = new Set(await existingClusterNames(tx, named));
  const unknown = (names: readonly string[], field: string, then: string): ErrorEnvelope[] =>
    names.filter((name) => !known.has(name)).map((name) => ({ code: 'CLUSTER_UNKNOWN', summary: `There is no cluster named ${name}`, why: 'none of that name has enrolled, or it was evicted', fix: `Check the spelling; when a cluster of that name enrols, it will ${then} the policy.`, where: { field: ['input', 'placement', field] } }));
  return [...unknown(clusterNames, 'clusterNames', 'get'), ...unknown(excludeClusterNames, 'excludeClusterNames', 'be kept from')];
}

function selectsNobody(placement: Placement): ErrorEnvelope {
  const says = selectorOf(placement) !== null || placement.clusterNames.length > 0;
  return {
    code: 'PLACEMENT_EMPTY',
    summary: 'The placement selects no cluster',
    why: says ? 'none matches it now' : 'it has neither a selector, regions or meshes, nor names',
    fix: says ? 'Compare it with labels, regions and names of the clusters; one that matches it later gets the policy.' : 'Give clusterSelector, where "" means every cluster, or name clusters.',
    where: { field: ['input', 'placement'] },
  };
}
