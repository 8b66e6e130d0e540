import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { hosts } from '../../indexes/hosts.ts';
import { KIND } from '../../input/kinds.ts';
import { resolveHost, viewersOf } from '../../resolve-host.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** Destinations that name no port of a service that has several. */
export const portRequired = defineRule({
  code: 'IST0112',
  name: 'VirtualServiceDestinationPortSelectorRequired',
  severity: 'ERROR',
  title: 'Destination must name a port',
  why: 'With one port Istio takes that one; with several it takes the port of the request, which at a gateway is seldom one of the service, and the request gets 503.',
  fix: 'Set destination.port.number.',
  example: `
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {ports: [{name: http, port: 80}, {name: http-admin, port: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http: [{route: [{destination: {host: reviews}}]}]
`,
  on: [KIND.VirtualService],
  reads: { hosts, domain: fact('clusterDomain') },
  *evaluate(subject, read) {
    const { routes, exportTo } = virtualServiceOf(subject);
    const viewers = viewersOf(exportTo, subject.namespace);
    for (const route of routes) {
      for (const { path, host, port } of route.destinations) {
        if (port !== undefined) continue;
        const found = resolveHost(host, subject.namespace, read.domain(), read.hosts, viewers);
        const ports = [...new Set(found.flatMap((entry) => entry.ports))].sort((a, b) => a - b);
        if (ports.length > 1) yield { path, message: `${host} has the ports ${ports.join(', ')}, and the destination names none of them`, related: found.map(({ resource }) => resource.id).sort() };
      }
    }
  },
});
