import { coveringHosts, fullHost } from './hosts.ts';
import { visibleHosts } from './indexes/hosts.ts';
import type { HostEntry } from './indexes/hosts.ts';

/**
 * What answers to a host as an object of `namespace` writes it: the exact host, else the closest wildcard. `viewers` are the
 * namespaces in which the object counts; it is enough that one of them can see what answers.
 */
export function resolveHost(host: string, namespace: string, clusterDomain: string, hosts: (key: string) => readonly HostEntry[], viewers: readonly string[] = [namespace]): readonly HostEntry[] {
  for (const name of coveringHosts(fullHost(host, namespace, clusterDomain))) {
    const found = visibleHosts(hosts(name), viewers);
    if (found.length > 0) return found;
  }
  return [];
}

/** Where an object with this `exportTo` counts. Without one its own namespace is asked; `*` must be able to rely on everybody. */
export function viewersOf(exportTo: readonly string[], namespace: string): readonly string[] {
  return exportTo.length === 0 ? [namespace] : exportTo.map((scope) => (scope === '.' ? namespace : scope));
}
