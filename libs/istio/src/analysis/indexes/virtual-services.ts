import { defineIndex } from '../engine/index-of.ts';
import { coveringHosts, fullHost } from '../hosts.ts';
import { KIND } from '../input/kinds.ts';
import type { Resource } from '../input/resource.ts';
import { virtualServiceOf } from '../views/virtual-service.ts';
import type { VirtualServiceView } from '../views/virtual-service.ts';

export interface VirtualServiceEntry {
  readonly resource: Resource;
  readonly view: VirtualServiceView;
}

/** Those that sidecars use. Key: each full host. */
export const meshVirtualServices = defineIndex<VirtualServiceEntry>({
  name: 'virtual services of the mesh by host',
  of: [KIND.VirtualService],
  *entries(resource, { clusterDomain }) {
    const view = virtualServiceOf(resource);
    if (!view.gateways.includes('mesh')) return;
    for (const host of new Set(view.hosts.map((one) => fullHost(one, resource.namespace, clusterDomain)))) yield [host, { resource, view }];
  },
});

/** Those that sidecars use. Key: each wildcard that covers one of the hosts and is not the host itself. */
export const meshVirtualServicesUnder = defineIndex<VirtualServiceEntry>({
  name: 'virtual services of the mesh by wildcard',
  of: [KIND.VirtualService],
  *entries(resource, { clusterDomain }) {
    const view = virtualServiceOf(resource);
    if (!view.gateways.includes('mesh')) return;
    const wildcards = view.hosts.flatMap((one) => {
      const host = fullHost(one, resource.namespace, clusterDomain);
      return [...coveringHosts(host)].filter((wildcard) => wildcard !== host);
    });
    for (const wildcard of new Set(wildcards)) yield [wildcard, { resource, view }];
  },
});

/** Those that are for a host and route to subsets of it. Key: the host, as it is written in both places. */
export const virtualServicesWithSubsets = defineIndex<VirtualServiceEntry>({
  name: 'virtual services with subsets by host',
  of: [KIND.VirtualService],
  *entries(resource) {
    const view = virtualServiceOf(resource);
    const split = new Set(view.routes.flatMap((route) => route.destinations.filter(({ subset, role }) => role === 'route' && subset !== undefined && subset !== '').map(({ host }) => host)));
    for (const host of new Set(view.hosts)) if (split.has(host)) yield [host, { resource, view }];
  },
});
