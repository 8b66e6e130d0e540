import { createHash } from 'node:crypto';
import { isLimited, placesOf, preparePlacement } from './placement.ts';
import type { PlaceableCluster, Placement, PlacementDecision } from './placement.ts';

/** A cluster that competes for a place. */
export interface PlacementCandidate extends PlaceableCluster {
  readonly id: string;
  /** It has the policy already. */
  readonly held: boolean;
}

/**
 * Decides all clusters of an organization together. With `percent` or `count`, decisions stick: a cluster that has the
 * policy keeps its place as long as it matches and there are places; new ones come in an order that is the policy's own
 * and never changes, so that a fleet that grows moves nobody.
 */
export function choosePlaces(placement: Placement, policyName: string, clusters: readonly PlacementCandidate[]): ReadonlyMap<string, PlacementDecision> {
  const decide = preparePlacement(placement);
  const matches = clusters.map((cluster) => ({ cluster, match: decide(cluster) }));
  const decisions = new Map<string, PlacementDecision>(matches.map(({ cluster, match: { selected, because } }) => [cluster.id, { selected, because }]));
  if (!isLimited(placement)) return decisions;

  const competing = matches
    .filter(({ match }) => match.standing === 'MATCH')
    .map(({ cluster, match }) => ({ cluster, match, turn: turnOf(policyName, cluster.id) }))
    .sort((a, b) => Number(b.cluster.held) - Number(a.cluster.held) || (a.turn < b.turn ? -1 : 1));
  const places = placesOf(placement, competing.length);
  for (const [index, { cluster, match }] of competing.entries()) {
    const selected = index < places;
    const asked = limitText(placement, places, competing.length);
    const why = selected
      ? cluster.held ? 'it has the policy already and keeps its place' : `it is number ${index + 1} in the policy’s order`
      : cluster.held ? 'there are fewer places than clusters that have the policy, and its turn is late' : `it is number ${index + 1} in the policy’s order`;
    decisions.set(cluster.id, { selected, because: `${match.because}; the placement takes ${asked}, and ${why}` });
  }
  return decisions;
}

/** Where a cluster stands in a policy's own order of clusters. The database computes the same. */
function turnOf(policyName: string, clusterId: string): string {
  return createHash('sha256').update(`${policyName}/${clusterId}`).digest('hex');
}

function limitText({ percent, count }: Placement, places: number, matching: number): string {
  const asked = [...(percent === null ? [] : [`${percent} %`]), ...(count === null ? [] : [`at most ${count}`])].join(', ');
  return `${asked} of the clusters that match: ${places} of ${matching}`;
}
