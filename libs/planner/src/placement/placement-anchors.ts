import type { LabelRequirement } from '@meshfleet/model';
import type { PlaceableCluster, Placement } from './placement.ts';
import { SYNTHETIC_LABELS, placementLabels, selectorOf } from './placement.ts';

/** Of placements that no label of a cluster leads to: they ask for what it has not, or for nothing. */
const ANYWHERE = '';

/**
 * By what a placement is found from a cluster, so that who looks for the policies of a cluster need not read all: `env=prod`
 * leads to those that ask for that value, `env` to those that ask for the label, and the empty anchor to the rest. Whatever
 * a placement selects has one of its anchors; what has one need not be selected.
 *
 * One requirement of the selector is enough: the one that names the fewest values, and of those the last, since people
 * write from the wide to the narrow; regions and meshes are wide.
 */
export function placementAnchors(placement: Placement): string[] {
  const named = placement.clusterNames.map((name) => `${SYNTHETIC_LABELS.name}=${name}`);
  const selector = selectorOf(placement);
  if (selector === null) return [...new Set(named)];
  return [...new Set([...named, ...anchorsOf(narrowest(selector))])].sort();
}

/** The anchors at which a cluster finds every placement that may select it. */
export function clusterAnchors(cluster: PlaceableCluster): string[] {
  return [ANYWHERE, ...Object.entries(placementLabels(cluster)).flatMap(([key, value]) => [key, `${key}=${value}`])];
}

function narrowest(selector: readonly LabelRequirement[]): LabelRequirement | undefined {
  return selector.reduce<LabelRequirement | undefined>((best, each) => (best === undefined || width(each) <= width(best) ? each : best), undefined);
}

const WIDE: ReadonlySet<string> = new Set([SYNTHETIC_LABELS.region, SYNTHETIC_LABELS.mesh]);

/** How many clusters a requirement may lead to, in no unit: enough to tell which leads to fewer. */
function width({ key, ...requirement }: LabelRequirement): number {
  switch (requirement.operator) {
    case 'in':
      return requirement.values.length + (WIDE.has(key) ? 1_000 : 0);
    case 'exists':
    case 'gt':
    case 'lt':
      return 1_000_000;
    case 'notin':
    case 'absent':
      return Number.POSITIVE_INFINITY;
  }
}

function anchorsOf(requirement: LabelRequirement | undefined): string[] {
  switch (requirement?.operator) {
    case 'in':
      return requirement.values.map((value) => `${requirement.key}=${value}`);
    case 'exists':
    case 'gt':
    case 'lt':
      return [requirement.key];
    case 'notin':
    case 'absent':
    case undefined:
      return [ANYWHERE];
  }
}
