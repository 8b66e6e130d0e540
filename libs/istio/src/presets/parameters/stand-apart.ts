import { hostsOverlap } from '../../analysis/hosts.ts';

/** True when no two hosts of a VirtualService cover each other. */
export function standApart(hosts: readonly string[]): boolean {
  return hosts.every((host, at) => !hosts.slice(0, at).some((earlier) => hostsOverlap(earlier, host)));
}
