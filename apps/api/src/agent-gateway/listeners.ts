import type { Listener } from './listener.ts';

/** Listeners that one cluster may have at a time: the one in use, and the one that it replaces. */
const MOST_PER_CLUSTER = 2;

/** Who listens, by organization and cluster. */
export class Listeners {
  readonly #organizations = new Map<string, Map<string, Set<Listener>>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Beyond the limit the oldest ends: it is most likely a connection that died without a word. */
  add(listener: Listener): void {
    const clusters = getOrMake(this.#organizations, listener.organizationId, () => new Map<string, Set<Listener>>());
    const listeners = getOrMake(clusters, listener.clusterId, () => new Set<Listener>());
    const [oldest] = listeners;
    if (oldest !== undefined && listeners.size >= MOST_PER_CLUSTER) {
      this.remove(oldest);
      oldest.end();
    }
    // Removing the oldest never empties the set, so that it is still the one in the map.
    listeners.add(listener);
    this.#size += 1;
  }

  remove(listener: Listener): void {
    const clusters = this.#organizations.get(listener.organizationId);
    const listeners = clusters?.get(listener.clusterId);
    if (clusters === undefined || listeners === undefined || !listeners.delete(listener)) return;
    this.#size -= 1;
    if (listeners.size === 0) clusters.delete(listener.clusterId);
    if (clusters.size === 0) this.#organizations.delete(listener.organizationId);
  }

  /** The cluster's agent has spoken: whoever listens for it is there. */
  answered(organizationId: string, clusterId: string): void {
    for (const listener of this.#organizations.get(organizationId)?.get(clusterId) ?? []) listener.unansweredSince = null;
  }

  /** Clusters of which somebody has had news since before this moment, and did not come for it here. */
  unanswered(organizationId: string, before: number): readonly string[] {
    return this.clusters(organizationId).filter((id) => this.of(organizationId, id).some(({ unansweredSince }) => unansweredSince !== null && unansweredSince < before));
  }

  /** Lets go of all that listen for a cluster: whoever is there comes back. */
  endAll(organizationId: string, clusterId: string): void {
    for (const listener of this.of(organizationId, clusterId)) {
      this.remove(listener);
      listener.end();
    }
  }

  of(organizationId: string, clusterId: string): readonly Listener[] {
    return [...(this.#organizations.get(organizationId)?.get(clusterId) ?? [])];
  }

  organizations(): readonly string[] {
    return [...this.#organizations.keys()];
  }

  clusters(organizationId: string): readonly string[] {
    return [...(this.#organizations.get(organizationId)?.keys() ?? [])];
  }

  all(): readonly Listener[] {
    return [...this.#organizations.values()].flatMap((clusters) => [...clusters.values()].flatMap((listeners) => [...listeners]));
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
