import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { fullHost } from '../../hosts.ts';
import { meshVirtualServices } from '../../indexes/virtual-services.ts';
import { KIND } from '../../input/kinds.ts';
import { virtualServiceOf } from '../../views/virtual-service.ts';

/** Two VirtualServices that give sidecars routes for one host. */
export const meshHostConflict = defineRule({
  code: 'IST0109',
  name: 'ConflictingMeshGatewayVirtualServiceHosts',
  severity: 'ERROR',
  title: 'Two VirtualServices for one host',
  why: 'Sidecars take the routes of one VirtualService for a host, the older one, and ignore the other: its splits, timeouts and faults never happen.',
  fix: 'Merge the routes into one VirtualService, or keep the scopes apart with exportTo.',
  example: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec: {hosts: [reviews], http: [{redirect: {uri: /a}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews-canary, namespace: shop}
spec: {hosts: [reviews.shop.svc.cluster.local], http: [{redirect: {uri: /b}}]}
`,
  on: [KIND.VirtualService],
  reads: { meshVirtualServices, domain: fact('clusterDomain') },
  *evaluate(subject, read) {
    const view = virtualServiceOf(subject);
    if (!view.gateways.includes('mesh')) return;
    for (const [i, host] of view.hosts.entries()) {
      const full = fullHost(host, subject.namespace, read.domain());
      const others = read.meshVirtualServices(full).filter(({ resource, view: other }) => resource.id !== subject.id && scopesOverlap(view.exportTo, subject.namespace, other.exportTo, resource.namespace));
      if (others.length === 0) continue;
      const names = others.map(({ resource }) => `${resource.namespace}/${resource.name}`).sort();
      yield { path: `spec.hosts[${i}]`, message: `The VirtualService${names.length === 1 ? '' : 's'} ${names.join(', ')} also route${names.length === 1 ? 's' : ''} ${full} for sidecars`, related: others.map(({ resource }) => resource.id).sort() };
    }
  },
});

/** Whether some namespace sees both. */
function scopesOverlap(a: readonly string[], namespaceA: string, b: readonly string[], namespaceB: string): boolean {
  const scopes = (exportTo: readonly string[], own: string): readonly string[] => (exportTo.length === 0 ? ['*'] : exportTo.map((scope) => (scope === '.' ? own : scope)));
  const left = scopes(a, namespaceA);
  const right = scopes(b, namespaceB);
  return left.includes('*') || right.includes('*') || left.some((scope) => right.includes(scope));
}
