import { defineRule } from '../../engine/rule.ts';
import { virtualServicesWithSubsets } from '../../indexes/virtual-services.ts';
import { KIND } from '../../input/kinds.ts';
import { at, list } from '../../read-value.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** VirtualServices of a gateway that send requests past the splits of another VirtualService. */
export const ingressWithoutSubset = defineRule({
  code: 'IST0140',
  name: 'IngressRouteRulesNotAffected',
  severity: 'WARNING',
  title: 'Requests from the gateway pass the split by',
  why: 'A gateway routes to the host itself. Rules of another VirtualService for that host count for sidecars alone, so what comes in through the gateway goes to all subsets.',
  fix: 'Name the subsets in this VirtualService too, or make the other one part of it as a delegate.',
  example: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: entry, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [shop-gateway]
  http: [{route: [{destination: {host: cart}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart]
  http: [{route: [{destination: {host: cart, subset: v1}}]}]
`,
  on: [KIND.VirtualService],
  reads: { virtualServicesWithSubsets },
  *evaluate(subject, read) {
    // istioctl looks at all that name gateways, `mesh` alone among them.
    if (list(at(subject.spec, 'gateways')).length === 0) return;
    const hosts = new Map<string, string>();
    for (const { protocol, destinations } of virtualServiceOf(subject).routes) {
      for (const { path, host, subset, role } of destinations) if (protocol === 'http' && role === 'route' && (subset ?? '') === '' && !hosts.has(host)) hosts.set(host, path);
    }
    for (const [host, path] of hosts) {
      const others = read.virtualServicesWithSubsets(host).filter(({ resource }) => resource.id !== subject.id);
      if (others.length > 0) yield { path, message: `Requests to ${host} take no account of the subsets of ${others.map(({ resource }) => `${resource.namespace}/${resource.name}`).sort().join(', ')}`, related: others.map(({ resource }) => resource.id).sort() };
    }
  },
});
