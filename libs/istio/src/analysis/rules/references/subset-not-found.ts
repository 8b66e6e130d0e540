import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { fullHost, isVisibleIn } from '../../hosts.ts';
import { destinationRules } from '../../indexes/destination-rules.ts';
import { unreadable } from '../../indexes/hosts.ts';
import { KIND } from '../../input/kinds.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** Subsets that VirtualServices route to and no DestinationRule defines. */
export const subsetNotFound = defineRule({
  code: 'IST0101',
  name: 'ReferencedResourceNotFound',
  severity: 'ERROR',
  title: 'Subset does not exist',
  why: 'A subset exists only through a DestinationRule of the same host. Without it, requests that match get 503.',
  fix: 'Add the subset to the DestinationRule of this host, or apply that DestinationRule before the VirtualService.',
  example: `
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http: [{route: [{destination: {host: reviews, subset: v2}}]}]
`,
  on: [KIND.VirtualService],
  reads: { destinationRules, unreadable, domain: fact('clusterDomain') },
  *evaluate(subject, read) {
    for (const route of virtualServiceOf(subject).routes) {
      for (const { path, host, subset } of route.destinations) {
        if (subset === undefined || subset === '') continue;
        const rules = read.destinationRules(fullHost(host, subject.namespace, read.domain())).filter(({ resource, view }) => isVisibleIn(view.exportTo, resource.namespace, subject.namespace));
        if (rules.some(({ view }) => view.subsets.some(({ name }) => name === subset))) continue;
        if (read.unreadable(KIND.DestinationRule).length > 0) continue;
        const known = [...new Set(rules.flatMap(({ view }) => view.subsets.map(({ name }) => name)))].sort();
        yield {
          path: `${path}.subset`,
          message: `No DestinationRule of ${host} defines the subset ${subset}`,
          ...(known.length === 0 ? {} : { fix: `Add the subset, or choose one that is there: ${known.join(', ')}.` }),
          related: rules.map(({ resource }) => resource.id).sort(),
        };
      }
    }
  },
});
