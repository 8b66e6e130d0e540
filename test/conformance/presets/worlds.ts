import type { KubeObject } from '@meshfleet/model';

/**
 * Sets of objects that can stand beside each other because no two claim a namespace or a host: one question to istioctl for
 * each world, in place of one for each set.
 */
export function worldsOf<Item extends { readonly objects: readonly KubeObject[] }>(sets: readonly Item[]): Item[][] {
  const worlds: { readonly items: Item[]; readonly claimed: Set<string> }[] = [];
  for (const set of sets) {
    const claims = [...namespacesOf(set.objects), ...hostsOf(set.objects)];
    let world = worlds.find(({ claimed }) => claims.every((claim) => !claimed.has(claim)));
    if (world === undefined) worlds.push((world = { items: [], claimed: new Set() }));
    world.items.push(set);
    for (const claim of claims) world.claimed.add(claim);
  }
  return worlds.map(({ items }) => items);
}

/** Where objects stand; a Namespace stands in itself. */
export function namespacesOf(objects: readonly KubeObject[]): string[] {
  return [...new Set(objects.map(({ kind, metadata }) => (kind === 'Namespace' ? metadata.name : metadata.namespace) ?? ''))];
}

/** Hosts of routes, gateways and ServiceEntries. istioctl looks at short names as if a namespace were none of their business (IST0140). */
function hostsOf(objects: readonly KubeObject[]): string[] {
  return objects.filter(({ kind }) => kind !== 'Sidecar').flatMap(({ spec }) => [...hostLists(spec)].flat());
}

function* hostLists(value: unknown): Generator<string[]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if ((key === 'hosts' || key === 'hostnames') && Array.isArray(child)) yield child.filter((host) => typeof host === 'string');
    else yield* hostLists(child);
  }
}
