import { defineRule } from '../../engine/rule.ts';
import { gatewayKey } from '../../gateway-key.ts';
import { HostSet } from '../../host-overlaps.ts';
import { gatewaysByName } from '../../indexes/in-namespace.ts';
import { KIND } from '../../input/kinds.ts';
import type { Resource } from '../../input/resource.ts';
import { gatewayOf } from '../../views/gateway.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** VirtualServices bound to a gateway that serves none of their hosts. */
export const hostNotInGateway = defineRule({
  code: 'IST0132',
  name: 'VirtualServiceHostNotFoundInGateway',
  severity: 'WARNING',
  title: 'Gateway serves none of the hosts',
  why: 'A gateway takes only routes for hosts that one of its servers names. The others get 404.',
  fix: 'Add the host to a server of the gateway, or correct it in the VirtualService.',
  example: `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: entry, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart.example.com]
  gateways: [entry]
  http: [{redirect: {uri: /}}]
`,
  on: [KIND.VirtualService],
  reads: { gatewaysByName },
  *evaluate(subject, read) {
    const view = virtualServiceOf(subject);
    for (const [i, name] of view.gateways.entries()) {
      if (name === 'mesh') continue;
      const [gateway] = read.gatewaysByName(gatewayKey(name, subject.namespace));
      if (gateway?.spec === undefined && gateway !== undefined) continue;
      const served = gateway === undefined ? undefined : servedTo(gateway, subject.namespace);
      if (served !== undefined && view.hosts.some((host) => served.overlaps(host.toLowerCase()))) continue;
      yield { path: `spec.gateways[${i}]`, message: `The Gateway ${gatewayKey(name, subject.namespace)} serves none of ${view.hosts.join(', ')}`, ...(gateway === undefined ? {} : { related: [gateway.id] }) };
    }
  },
});

/** By Gateway, of which each is one state that never changes, and namespace: thousands of VirtualServices may name one Gateway of as many hosts. */
const known = new WeakMap<Resource, Map<string, HostSet>>();

function servedTo(gateway: Resource, namespace: string): HostSet {
  const sets = known.get(gateway) ?? new Map<string, HostSet>();
  known.set(gateway, sets);
  const set = sets.get(namespace) ?? new HostSet(hostsServed(gateway, namespace));
  sets.set(namespace, set);
  return set;
}

/** Hosts of its servers for VirtualServices of this namespace: `./*`, `shop/a.com`, `a.com`. */
function hostsServed(gateway: Resource, namespace: string): readonly string[] {
  return gatewayOf(gateway).servers.flatMap(({ hosts }) =>
    hosts.flatMap((host) => {
      const slash = host.indexOf('/');
      if (slash === -1) return [host.toLowerCase()];
      const scope = host.slice(0, slash);
      const seen = scope === '*' || scope === namespace || (scope === '.' && gateway.namespace === namespace);
      return seen ? [host.slice(slash + 1).toLowerCase()] : [];
    }),
  );
}
