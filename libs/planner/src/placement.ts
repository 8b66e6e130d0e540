import { z } from 'zod';
import { matchesLabels, parseLabelSelector, printLabelSelector } from '@meshfleet/model';

/** Labels that every cluster has beside its own, where it has the value. They win over labels of the same name. */
export const SYNTHETIC_LABELS = {
  name: 'meshfleet.io/name',
  region: 'meshfleet.io/region',
  zone: 'meshfleet.io/zone',
  network: 'meshfleet.io/network',
} as const;

/**
 * Which clusters a policy belongs in: those that the selector matches, and those that are named. An empty selector
 * matches every cluster, an absent one none.
 */
export const placementSchema = z.object({
  clusterSelector: z.string().nullish().transform((text) => text ?? null),
  clusterNames: z.array(z.string()).nullish().transform((names) => names ?? []),
});
export type Placement = z.output<typeof placementSchema>;

/** What placement looks at in a cluster. */
export interface PlaceableCluster {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly region: string | null;
  readonly zone: string | null;
  readonly network: string | null;
}

/** Whether a cluster is selected, and by what: a sentence for people who wonder why. */
export interface PlacementDecision {
  readonly selected: boolean;
  readonly because: string;
}

/** Decides one cluster. @throws MeshfleetError PLACEMENT_INVALID when the selector cannot be read */
export function place(placement: Placement, cluster: PlaceableCluster): PlacementDecision {
  return preparePlacement(placement)(cluster);
}

/** {@link place} for many clusters: reads the selector once. */
export function preparePlacement(placement: Placement): (cluster: PlaceableCluster) => PlacementDecision {
  const names = new Set(placement.clusterNames);
  const { clusterSelector } = placement;
  const selector = clusterSelector === null ? null : parseLabelSelector(clusterSelector);
  return (cluster) => {
    if (names.has(cluster.name)) return { selected: true, because: `the placement names the cluster ${cluster.name}` };
    if (selector === null) return { selected: false, because: 'the placement has no selector and does not name the cluster' };
    if (selector.length === 0) return { selected: true, because: 'the empty selector matches every cluster' };
    const labels = placementLabels(cluster);
    const failing = selector.find((requirement) => !matchesLabels([requirement], labels));
    if (failing === undefined) return { selected: true, because: `its labels match ${clusterSelector}` };
    const value = Object.hasOwn(labels, failing.key) ? labels[failing.key] : undefined;
    const found = value === undefined ? `has no label ${failing.key}` : `has ${failing.key}=${value}`;
    return { selected: false, because: `it ${found}, and the selector asks for ${printLabelSelector([failing])}` };
  };
}

/** The labels that selectors see. The database keeps the same set in `cluster_label`. */
export function placementLabels(cluster: PlaceableCluster): Record<string, string> {
  const labels: Record<string, string> = { ...cluster.labels, [SYNTHETIC_LABELS.name]: cluster.name };
  for (const place of ['region', 'zone', 'network'] as const) {
    const value = cluster[place];
    if (value !== null) labels[SYNTHETIC_LABELS[place]] = value;
  }
  return labels;
}
