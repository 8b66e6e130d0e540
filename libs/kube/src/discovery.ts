import type { KubeClient } from './client.ts';
import type { Resource } from './resource.ts';

/** Which resources the API server serves, as of the last refresh. */
export interface Discovery {
  refresh(): Promise<void>;
  /** The resource of a kind in exactly this version. */
  find(group: string, version: string, kind: string): Resource | undefined;
  /** The resource of a kind in the version that the server prefers. */
  preferred(group: string, kind: string): Resource | undefined;
  all(): readonly Resource[];
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

interface AggregatedList {
  readonly kind?: string;
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly resources?: readonly { readonly resource: string; readonly scope: string; readonly responseKind?: { readonly kind?: string } }[];
    }[];
  }[];
}
interface GroupList {
  readonly groups?: readonly { readonly name: string; readonly versions: readonly { readonly groupVersion: string; readonly version: string }[] }[];
}
interface ResourceList {
  readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

/** Knows nothing before the first `refresh`. @throws KubeError from `refresh`; what was known stays */
export function createDiscovery(client: KubeClient): Discovery {
  let resources: readonly Resource[] = [];
  let exact = new Map<string, Resource>();
  let preferred = new Map<string, Resource>();
  return {
    async refresh() {
      const found = [...(await readRoot(client, '/api')), ...(await readRoot(client, '/apis'))];
      resources = found;
      exact = new Map(found.map((resource) => [`${resource.group}/${resource.version}/${resource.kind}`, resource]));
      preferred = new Map();
      // The server lists versions in its order of preference: the first one seen wins.
      for (const resource of found) {
        const key = `${resource.group}/${resource.kind}`;
        if (!preferred.has(key)) preferred.set(key, resource);
      }
    },
    find: (group, version, kind) => exact.get(`${group}/${version}/${kind}`),
    preferred: (group, kind) => preferred.get(`${group}/${kind}`),
    all: () => resources,
  };
}

async function readRoot(client: KubeClient, root: '/api' | '/apis'): Promise<Resource[]> {
  const answer = await client.raw(root, AGGREGATED);
  const aggregated = answer as AggregatedList; // kind tells which of the shapes it is
  if (aggregated.kind === 'APIGroupDiscoveryList') return fromAggregated(aggregated);
  return root === '/api' ? fromVersion(client, '', 'v1', '/api/v1') : fromGroups(client, answer as GroupList);
}

function fromAggregated(list: AggregatedList): Resource[] {
  return (list.items ?? []).flatMap((group) =>
    (group.versions ?? []).flatMap((version) =>
      (version.resources ?? []).map((resource) => ({
        group: group.metadata?.name ?? '',
        version: version.version,
        kind: resource.responseKind?.kind ?? '',
        plural: resource.resource,
        namespaced: resource.scope === 'Namespaced',
      })),
    ),
  );
}

/** Servers before 1.26 answer plain lists. A group whose aggregated server is down is left out; it must not hide the others. */
async function fromGroups(client: KubeClient, list: GroupList): Promise<Resource[]> {
  const found: Resource[] = [];
  for (const group of list.groups ?? []) {
    for (const version of group.versions) {
      found.push(...(await fromVersion(client, group.name, version.version, `/apis/${version.groupVersion}`).catch(() => [])));
    }
  }
  return found;
}

async function fromVersion(client: KubeClient, group: string, version: string, path: string): Promise<Resource[]> {
  const list = (await client.raw(path)) as ResourceList; // an APIResourceList
  return (list.resources ?? [])
    .filter((resource) => !resource.name.includes('/'))
    .map((resource) => ({ group, version, kind: resource.kind, plural: resource.name, namespaced: resource.namespaced }));
}
