import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { fullHost } from '../../hosts.ts';
import { hosts, unreadable } from '../../indexes/hosts.ts';
import { KIND } from '../../input/kinds.ts';
import { resolveHost, viewersOf } from '../../resolve-host.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** Destinations of VirtualServices that no Service or ServiceEntry answers to, or not on that port. */
export const hostNotFound = defineRule({
  code: 'IST0101',
  name: 'ReferencedResourceNotFound',
  severity: 'ERROR',
  title: 'Destination does not exist',
  why: 'Istio makes no cluster for a host that it does not know: requests that match get 503, at once, with NC (no cluster) in the access log.',
  fix: 'Correct the host, or add the Service or ServiceEntry that it means. A name without a dot is looked for in the namespace of the VirtualService; write other namespaces out: reviews.shop.svc.cluster.local.',
  example: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews.example.com]
  http: [{route: [{destination: {host: reviews}}]}]
`,
  on: [KIND.VirtualService],
  reads: { hosts, unreadable, domain: fact('clusterDomain'), elsewhere: fact('hostsElsewhere') },
  *evaluate(subject, read) {
    const { routes, exportTo } = virtualServiceOf(subject);
    const viewers = viewersOf(exportTo, subject.namespace);
    for (const route of routes) {
      for (const { path, role, host, port } of route.destinations) {
        const full = fullHost(host, subject.namespace, read.domain());
        const found = resolveHost(host, subject.namespace, read.domain(), read.hosts, viewers);
        if (found.length === 0) {
          if (read.elsewhere().has(full) || read.unreadable(KIND.ServiceEntry).length > 0) continue;
          yield { path: `${path}.host`, message: `The ${role === 'mirror' ? 'mirror' : 'destination'} ${host} is neither a Service nor a ServiceEntry that ${viewers.includes('*') ? 'every namespace' : viewers.join(' or ')} can see (looked for ${full})` };
        } else if (port !== undefined && !found.some(({ ports }) => ports.includes(port))) {
          const ports = [...new Set(found.flatMap((entry) => entry.ports))].sort((a, b) => a - b);
          yield {
            path: `${path}.port.number`,
            message: `${host} has no port ${port}`,
            fix: ports.length === 0 ? 'Give the service that port.' : `Choose one of its ports: ${ports.join(', ')}.`,
            related: found.map(({ resource }) => resource.id).sort(),
          };
        }
      }
    }
  },
});
