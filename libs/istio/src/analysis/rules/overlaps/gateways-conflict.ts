import { defineRule } from '../../engine/rule.ts';
import { gatewayServers, serverKey } from '../../indexes/gateway-servers.ts';
import { selectWorkloads, workloadsByLabel } from '../../indexes/workloads.ts';
import { KIND } from '../../input/kinds.ts';
import type { Resource } from '../../input/resource.ts';
import { gatewayOf } from '../../views/gateway.ts';

/** Two Gateways that open one port for one host on the same pods. */
export const gatewaysConflict = defineRule({
  code: 'IST0145',
  name: 'ConflictingGateways',
  severity: 'ERROR',
  title: 'Two Gateways serve one host and port',
  why: 'A gateway pod takes one server for a host and port, that of the older Gateway. Certificates and settings of the other are ignored.',
  fix: 'Merge the servers into one Gateway, or give one of the two another host, port or selector.',
  example: `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: entry, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: entry-2, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: web, protocol: HTTP}, hosts: [shop.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: narrow, namespace: shop}
spec:
  selector: {istio: ingressgateway, app: entry}
  servers: [{port: {number: 80, name: web, protocol: HTTP}, hosts: [shop.example.com]}]
`,
  on: [KIND.Gateway],
  reads: { gatewayServers, workloadsByLabel },
  *evaluate(subject, read) {
    const { selector, servers } = gatewayOf(subject);
    for (const { path, port, bind, hosts } of servers) {
      const rivals = new Map<string, Resource>();
      const disputed = hosts.filter((host) => {
        const found = read.gatewayServers(serverKey(port, bind, host)).filter((other) => other.id !== subject.id && onSamePods(selector, gatewayOf(other).selector));
        for (const other of found) rivals.set(other.id, other);
        return found.length > 0;
      });
      if (rivals.size === 0) continue;
      const names = [...rivals.values()].map(({ namespace, name }) => `${namespace}/${name}`).sort();
      yield { path, message: `The Gateway${names.length === 1 ? '' : 's'} ${names.join(', ')} also serve${names.length === 1 ? 's' : ''} ${disputed.join(', ')} on port ${port ?? 0} of the same pods`, related: [...rivals.keys()].sort() };
    }

    function onSamePods(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
      if (contains(a, b) && contains(b, a)) return true;
      return selectWorkloads({ ...a, ...b }, read.workloadsByLabel).length > 0 && (contains(a, b) || contains(b, a));
    }
  },
});

const contains = (outer: Readonly<Record<string, string>>, inner: Readonly<Record<string, string>>): boolean => Object.entries(inner).every(([label, value]) => outer[label] === value);
