import { defineIndex } from '../engine/index-of.ts';
import { KIND } from '../input/kinds.ts';
import type { Resource } from '../input/resource.ts';
import { gatewayOf } from '../views/gateway.ts';

/** Key: port, host and address of a server, as {@link serverKey} joins them. */
export const gatewayServers = defineIndex<Resource>({
  name: 'gateways by port and host',
  of: [KIND.Gateway],
  *entries(resource) {
    const keys = gatewayOf(resource).servers.flatMap(({ port, bind, hosts }) => hosts.map((host) => serverKey(port, bind, host)));
    for (const key of new Set(keys)) yield [key, resource];
  },
});

export const serverKey = (port: number | undefined, bind: string, host: string): string => `${port ?? 0} ${bind} ${host}`;
