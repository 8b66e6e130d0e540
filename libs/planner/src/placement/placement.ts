import { z } from 'zod';
import { matchesLabels, parseLabelSelector, printLabelSelector } from '@meshfleet/model';
import type { LabelSelector } from '@meshfleet/model';

/** Labels that every cluster has beside its own, where it has the value. They win over labels of the same name. */
export const SYNTHETIC_LABELS = {
  name: 'meshfleet.io/name',
  region: 'meshfleet.io/region',
  zone: 'meshfleet.io/zone',
  network: 'meshfleet.io/network',
  mesh: 'meshfleet.io/mesh',
} as const;

const list = z.array(z.string()).nullish().transform((names) => names ?? []);
const number = z.number().nullish().transform((value) => value ?? null);

/**
 * Which clusters a policy belongs in. A cluster matches when selector, regions and meshes, as far as they are given, all
 * hold of it; an empty selector holds of every cluster. `percent` or `count` takes only so many of those that match.
 * Clusters that are named are in beside them, whatever their labels; those that are excluded are out in any case.
 */
export const placementSchema = z.object({
  clusterSelector: z.string().nullish().transform((text) => text ?? null),
  clusterNames: list,
  regions: list,
  meshes: list,
  excludeClusterNames: list,
  /** 1 to 100, of the clusters that match; parts of a cluster count as a whole one. */
  percent: number,
  count: number,
});
export type Placement = z.output<typeof placementSchema>;

/** The placement of a policy that belongs nowhere. */
export const NOWHERE: Placement = placementSchema.parse({});

/** What placement looks at in a cluster. */
export interface PlaceableCluster {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly region: string | null;
  readonly zone: string | null;
  readonly network: string | null;
  readonly mesh: string | null;
}

/** Whether a cluster is selected, and by what: a sentence for people who wonder why. */
export interface PlacementDecision {
  readonly selected: boolean;
  readonly because: string;
}

/** What a cluster is to a placement before percent or count choose among those that match. */
export interface PlacementMatch extends PlacementDecision {
  /** `NAMED` clusters are in for good; of those that `MATCH` a limit may take some; others are `OUT`. */
  readonly standing: 'NAMED' | 'MATCH' | 'OUT';
}

/** Whether only some of the clusters that match are taken. */
export function isLimited(placement: Placement): boolean {
  return placement.percent !== null || placement.count !== null;
}

/** How many of the clusters that match a placement takes. */
export function placesOf(placement: Placement, matching: number): number {
  const byPercent = placement.percent === null ? matching : Math.ceil((matching * placement.percent) / 100);
  return Math.min(matching, byPercent, placement.count ?? matching);
}

/** Selector, regions and meshes as one selector; null when none of them is given. @throws MeshfleetError PLACEMENT_INVALID */
export function selectorOf({ clusterSelector, regions, meshes }: Placement): LabelSelector | null {
  if (clusterSelector === null && regions.length === 0 && meshes.length === 0) return null;
  return [
    ...(clusterSelector === null ? [] : parseLabelSelector(clusterSelector)),
    ...(regions.length === 0 ? [] : [{ key: SYNTHETIC_LABELS.region, operator: 'in' as const, values: regions }]),
    ...(meshes.length === 0 ? [] : [{ key: SYNTHETIC_LABELS.mesh, operator: 'in' as const, values: meshes }]),
  ];
}

/**
 * Decides one cluster, as far as it can be decided alone: see `choosePlaces` for percent and count.
 * @throws MeshfleetError PLACEMENT_INVALID when the selector cannot be read
 */
export function place(placement: Placement, cluster: PlaceableCluster): PlacementMatch {
  return preparePlacement(placement)(cluster);
}

/** {@link place} for many clusters: reads the selector once. */
export function preparePlacement(placement: Placement): (cluster: PlaceableCluster) => PlacementMatch {
  const names = new Set(placement.clusterNames);
  const excluded = new Set(placement.excludeClusterNames);
  const selector = selectorOf(placement);
  return (cluster) => {
    if (excluded.has(cluster.name)) return out(`the placement excludes the cluster ${cluster.name}`);
    if (names.has(cluster.name)) return { standing: 'NAMED', selected: true, because: `the placement names the cluster ${cluster.name}` };
    if (selector === null) return out('the placement has no selector and does not name the cluster');
    if (selector.length === 0) return match('the empty selector matches every cluster');
    const labels = placementLabels(cluster);
    const failing = selector.find((requirement) => !matchesLabels([requirement], labels));
    if (failing === undefined) return match(matched(placement));
    const value = Object.hasOwn(labels, failing.key) ? labels[failing.key] : undefined;
    const found = value === undefined ? `has no label ${failing.key}` : `has ${failing.key}=${value}`;
    return out(`it ${found}, and the placement asks for ${printLabelSelector([failing])}`);
  };
}

/** The labels that selectors see. The database keeps the same set in `cluster_label`. */
export function placementLabels(cluster: PlaceableCluster): Record<string, string> {
  const labels: Record<string, string> = { ...cluster.labels, [SYNTHETIC_LABELS.name]: cluster.name };
  for (const place of ['region', 'zone', 'network', 'mesh'] as const) {
    const value = cluster[place];
    if (value !== null) labels[SYNTHETIC_LABELS[place]] = value;
  }
  return labels;
}

function match(because: string): PlacementMatch {
  return { standing: 'MATCH', selected: true, because };
}

function out(because: string): PlacementMatch {
  return { standing: 'OUT', selected: false, because };
}

function matched({ clusterSelector, regions, meshes }: Placement): string {
  const parts = [
    ...(clusterSelector === null || clusterSelector === '' ? [] : [`its labels match ${clusterSelector}`]),
    ...(regions.length === 0 ? [] : [`its region is among ${regions.join(', ')}`]),
    ...(meshes.length === 0 ? [] : [`its mesh is among ${meshes.join(', ')}`]),
  ];
  return parts.join(', and ');
}
