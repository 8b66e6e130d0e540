import { defineIndex } from '../engine/index-of.ts';
import { fullHost } from '../hosts.ts';
import { KIND } from '../input/kinds.ts';
import type { Resource } from '../input/resource.ts';
import { virtualServiceOf } from '../views/virtual-service.ts';

export interface GatewayDestination {
  readonly host: string;
  readonly resource: Resource;
}

/** Services that a VirtualService of a gateway leads to. Key: their namespace; `*` for all of them. */
export const gatewayDestinations = defineIndex<GatewayDestination>({
  name: 'destinations of gateways by namespace',
  of: [KIND.VirtualService],
  *entries(resource, { clusterDomain }) {
    const { gateways, routes } = virtualServiceOf(resource);
    if (gateways.every((gateway) => gateway === 'mesh')) return;
    const hosts = new Set(routes.flatMap((route) => route.destinations.map(({ host }) => fullHost(host, resource.namespace, clusterDomain))));
    for (const host of hosts) {
      const [, namespace, ...rest] = host.split('.');
      if (namespace === undefined || rest.join('.') !== `svc.${clusterDomain}`) continue;
      yield [namespace, { host, resource }];
      yield ['*', { host, resource }];
    }
  },
});

/** Gateways with a selector. Key: `*`. */
export const gatewaysWithSelector = defineIndex<Resource>({ name: 'gateways', of: [KIND.Gateway], entries: (resource) => [['*', resource]] });
