import type { Discovery, KubeClient, Resource, ResourceCache } from '@meshfleet/kube';
import { createGate, isNewer, KubeError, RESOURCES, startResourceCache } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { formatObjectKey, parseObjectKey } from '@meshfleet/model';
import type { Inventory } from './inventory.ts';
import type { MeshFact } from './meshes.ts';
import { meshFacts, meshOfDeployment, revisionOfWebhook } from './meshes.ts';
import { servedMeshKinds } from './watched-kinds.ts';
import { summarize } from './summarize.ts';
import { madeGarbage } from '../spare-memory.ts';

export interface WatchClusterOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly inventory: Inventory;
  readonly namespace: string;
  readonly leaseName: string;
  /** An object changed, or is gone. */
  onTouched(key: string, seen: KubeObject | undefined): void;
  onNamespace(name: string): void;
  /** A CRD came, went or changed: what is served may have. `respecified`: what it says itself is another, and not merely its status or its labels. */
  onDefinition(name: string, respecified: boolean): void;
  onFactsChanged(): void;
  /** The agent's own Lease was seen at this version. */
  onLease(resourceVersion: string): void;
  onProblem(what: string, error: unknown): void;
}

/** Everything that the agent watches: one watch a kind, summaries kept, bodies let go. */
export interface ClusterWatch {
  /** Watches kinds that have come to be served, and stops those that have gone. */
  follow(): void;
  meshes(): MeshFact[];
  /** Whether the inventory has been told of an object at this version or a later one; of a kind that is not watched, it has been told all that it will be. */
  shows(key: string, resourceVersion: string): boolean;
  /** Reopens every watch: their silence cannot be trusted. */
  reopen(): void;
  readonly watches: number;
  readonly objects: number;
  stop(): Promise<void>;
}

type Cache = ResourceCache<unknown>;

export function watchCluster(options: WatchClusterOptions): ClusterWatch {
  const { client, inventory } = options;
  const caches = new Map<string, Cache>();
  const deployments = new Map<string, MeshFact>();
  const webhooks = new Map<string, { revision: string; namespace: string }>();
  const unsynced = new Set<string>();
  // One list at a time, in pages of a few hundred kilobytes: a cluster is read in seconds either way, and memory stays small.
  const gate = createGate(1);
  const pageSize = 100;
  let seen = 0;
  const counted = () => {
    seen += 1;
    if (seen % pageSize === 0) madeGarbage();
  };

  const synced = (id: string) => {
    unsynced.delete(id);
    if (unsynced.size > 0) return;
    inventory.ready();
    options.onFactsChanged();
  };
  const problem = (resource: Resource) => ({ error, what }: { what: string; error?: unknown }) => {
    options.onProblem(`${what} ${resource.plural}`, error);
    // What the agent may not read must not keep the rest of the inventory from being told.
    if (error instanceof KubeError && (error.status === 403 || error.status === 404)) synced(idOf(resource));
  };

  /** Watches one kind for the inventory and for drift. */
  const watch = (resource: Resource, onObject?: (key: string, object: KubeObject | undefined) => void) => {
    const id = idOf(resource);
    if (caches.has(id)) return;
    unsynced.add(id);
    caches.set(id, startResourceCache<null>({
      client,
      resource,
      // The inventory holds the summary; the cache needs only to know that the object exists.
      project: () => null,
      gate,
      pageSize,
      onChange(change) {
        counted();
        const key = formatObjectKey({ group: resource.group, kind: resource.kind, namespace: change.namespace, name: change.name });
        if (change.value === undefined) inventory.remove(key);
        else if (change.object !== undefined) inventory.set(key, summarize(change.object));
        onObject?.(key, change.value === undefined ? undefined : change.object);
        options.onTouched(key, change.value === undefined ? undefined : change.object);
      },
      onSynced: () => synced(id),
      onProblem: problem(resource),
    }));
  };

  const remember = <T>(map: Map<string, T>, key: string, value: T | undefined) => {
    const before = JSON.stringify(map.get(key));
    if (value === undefined) map.delete(key);
    else map.set(key, value);
    if (before !== JSON.stringify(value) && unsynced.size === 0) options.onFactsChanged();
  };

  watch(RESOURCES.namespaces, (_key, object) => {
    if (object !== undefined) options.onNamespace(object.metadata.name ?? '');
  });
  watch(RESOURCES.services);
  watch(RESOURCES.deployments, (key, object) => remember(deployments, key, object === undefined ? undefined : meshOfDeployment(object)));
  watch(RESOURCES.statefulSets);
  watch(RESOURCES.daemonSets);

  let kindsKnown = false;
  // Definitions are large, and only whether they change matters here.
  const definitions = startResourceCache<number>({
    client,
    resource: RESOURCES.customResourceDefinitions,
    metadataOnly: true,
    gate,
    pageSize,
    project: (definition) => definition.metadata.generation ?? 0,
    onChange: ({ name, value, previous }) => kindsKnown && options.onDefinition(name, value === undefined || value !== previous),
    onSynced() {
      kindsKnown = true;
    },
    onProblem: problem(RESOURCES.customResourceDefinitions),
  });
  const injectors = startResourceCache<null>({
    client,
    resource: RESOURCES.mutatingWebhooks,
    labelSelector: 'app=sidecar-injector',
    project: () => null,
    onChange: (change) => remember(webhooks, change.name, change.object === undefined || change.value === undefined ? undefined : revisionOfWebhook(change.object)),
    onProblem: problem(RESOURCES.mutatingWebhooks),
  });
  const lease = startResourceCache<null>({
    client,
    resource: RESOURCES.leases,
    namespace: options.namespace,
    fieldSelector: `metadata.name=${options.leaseName}`,
    project: () => null,
    onChange: (change) => options.onLease(change.object?.metadata.resourceVersion ?? ''),
    onProblem: problem(RESOURCES.leases),
  });
  const always: readonly Cache[] = [definitions, injectors, lease];
  const builtIn = new Set(caches.keys());

  return {
    follow() {
      const served = new Map(servedMeshKinds(options.discovery).map((resource) => [idOf(resource), resource]));
      for (const resource of served.values()) watch(resource);
      for (const [id, cache] of caches) {
        if (builtIn.has(id) || served.has(id)) continue;
        caches.delete(id);
        unsynced.delete(id);
        for (const [name] of cache.entries()) inventory.remove(keyOf(id, name));
        void cache.stop();
      }
    },
    meshes: () => meshFacts(deployments.values(), webhooks.values()),
    shows(key, resourceVersion) {
      const object = parseObjectKey(key);
      const resource = object === undefined ? undefined : options.discovery.preferred(object.group, object.kind);
      if (object === undefined || resource === undefined) return true;
      const id = idOf(resource);
      if (unsynced.has(id)) return false;
      const cache = caches.get(id);
      if (cache?.synced !== true) return true;
      const shown = cache.versionOf(object.namespace, object.name);
      return shown !== undefined && !isNewer(resourceVersion, shown);
    },
    reopen() {
      for (const cache of [...caches.values(), ...always]) cache.reopen();
    },
    get watches() {
      return caches.size + always.length;
    },
    get objects() {
      let sum = 0;
      for (const cache of caches.values()) sum += cache.size;
      return sum;
    },
    async stop() {
      await Promise.all([...caches.values(), ...always].map((cache) => cache.stop()));
    },
  };
}

const idOf = (resource: Resource): string => `${resource.group}/${resource.kind}/${resource.version}`;

function keyOf(id: string, name: string): string {
  const [group = '', kind = ''] = id.split('/');
  const slash = name.indexOf('/');
  return formatObjectKey({ group, kind, namespace: slash === -1 ? '' : name.slice(0, slash), name: name.slice(slash + 1) });
}
