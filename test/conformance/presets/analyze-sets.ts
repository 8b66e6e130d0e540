import type { IstioMinor } from '@meshfleet/cluster-real';
import { istioctlAnalyze } from './istioctl-analyze.ts';
import { withOwner } from './neighbours.ts';
import type { ParameterSet } from './parameter-sets.ts';
import { namespacesOf, worldsOf } from './worlds.ts';

export interface Findings {
  /** What is found in the objects of a preset, each with the parameters that led to it. */
  of(preset: string): readonly string[];
  /** What is found in objects that are of no set. */
  readonly elsewhere: readonly string[];
}

interface Surroundings {
  /** The cluster among whose objects the sets are; none without. */
  readonly kubeconfig?: string;
  /** What istioctl says of that cluster without them. */
  readonly known?: ReadonlySet<string>;
}

/** Warnings that istioctl has of every EnvoyFilter, whatever is in it, and of every rule for a wildcard: it looks hosts up by their very name. */
const OF_NO_USE = [/^IST0133 Warning EnvoyFilter .*exposes internal implementation details/, /^IST0174 Warning DestinationRule \S+: The host \*\./];
/** About gateways of others that a preset’s parameters name. They are among the neighbours. */
const OF_NEIGHBOURS = [/^IST0101 Error VirtualService \S+ Referenced gateway not found/, /^IST0132 Warning VirtualService .* not found in Gateway /];

/** What `istioctl analyze` says of many sets, asked once for all that can stand beside each other. */
export async function analyzeSets(minor: IstioMinor, sets: readonly ParameterSet[], { kubeconfig, known = new Set() }: Surroundings = {}): Promise<Findings> {
  const found = new Map<string, string[]>();
  const elsewhere: string[] = [];
  for (const world of worldsOf(sets)) {
    const messages = await istioctlAnalyze(minor, world.flatMap(({ objects }) => objects.map(withOwner)), kubeconfig);
    const owners = new Map(world.flatMap((set) => namespacesOf(set.objects).map((namespace) => [namespace, set] as const)));
    for (const message of messages.filter((one) => !known.has(one) && ![...OF_NO_USE, ...(kubeconfig === undefined ? OF_NEIGHBOURS : [])].some((warning) => warning.test(one)))) {
      const owner = owners.get(namespaceOf(message));
      if (owner === undefined) elsewhere.push(message);
      else found.set(owner.preset, [...(found.get(owner.preset) ?? []), `${owner.title}: ${message} (${JSON.stringify(owner.parameters)})`]);
    }
  }
  return { of: (preset) => found.get(preset) ?? [], elsewhere };
}

/** Of `IST0101 Error VirtualService shop/a: message` and `IST0102 Info Namespace shop: message`: shop. */
function namespaceOf(message: string): string {
  return /^\S+ \S+ \S+ ([^\s/:]+)/.exec(message)?.[1] ?? '';
}
