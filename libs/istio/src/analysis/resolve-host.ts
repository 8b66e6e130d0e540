import { coveringHosts, fullHost } from './hosts.ts';
import { visibleHosts } from './indexes/hosts.ts';
import type { HostEntry } from './indexes/hosts.ts';

/** What answers to a host as an object of `namespace` writes it: the exact host, else the closest wildcard. */
export function resolveHost(host: string, namespace: string, clusterDomain: string, hosts: (key: string) => readonly HostEntry[]): readonly HostEntry[] {
  for (const name of coveringHosts(fullHost(host, namespace, clusterDomain))) {
    const found = visibleHosts(hosts(name), namespace);
    if (found.length > 0) return found;
  }
  return [];
}
