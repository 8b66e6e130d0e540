import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { coveringHosts, fullHost } from '../../hosts.ts';
import { meshVirtualServices, meshVirtualServicesUnder } from '../../indexes/virtual-services.ts';
import type { VirtualServiceEntry } from '../../indexes/virtual-services.ts';
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
spec: {hosts: [reviews.shop.svc.cluster.local, "*.reviews.example.com"], http: [{redirect: {uri: /b}}]}
`,
  on: [KIND.VirtualService],
  reads: { meshVirtualServices, meshVirtualServicesUnder, domain: fact('clusterDomain') },
  *evaluate(subject, read) {
    const view = virtualServiceOf(subject);
    if (!view.gateways.includes('mesh')) return;
    const mine = scopesOf(view.exportTo, subject.namespace);
    // One finding for each set of rivals, however many hosts they dispute.
    const disputes = new Map<string, { readonly path: string; readonly hosts: string[]; readonly rivals: readonly VirtualServiceEntry[] }>();
    for (const [i, host] of view.hosts.entries()) {
      const full = fullHost(host, subject.namespace, read.domain());
      const rivals = new Map<string, VirtualServiceEntry>();
      for (const other of read.meshVirtualServices(full)) if (shareScope(mine, other)) rivals.set(other.resource.id, other);
      for (const wider of coveringHosts(full)) {
        if (wider !== full) for (const other of read.meshVirtualServices(wider)) if (shareEveryScope(mine, other)) rivals.set(other.resource.id, other);
      }
      if (full.startsWith('*')) for (const other of read.meshVirtualServicesUnder(full)) if (shareEveryScope(mine, other)) rivals.set(other.resource.id, other);
      rivals.delete(subject.id);
      if (rivals.size === 0) continue;
      const ids = [...rivals.keys()].sort().join(' ');
      const known = disputes.get(ids);
      if (known === undefined) disputes.set(ids, { path: `spec.hosts[${i}]`, hosts: [full], rivals: [...rivals.values()] });
      else known.hosts.push(full);
    }
    for (const { path, hosts, rivals } of disputes.values()) {
      const names = rivals.map(({ resource }) => `${resource.namespace}/${resource.name}`).sort();
      yield { path, message: `The VirtualService${names.length === 1 ? '' : 's'} ${names.join(', ')} also route${names.length === 1 ? 's' : ''} ${hosts.join(', ')} for sidecars`, related: rivals.map(({ resource }) => resource.id).sort() };
    }
  },
});

const scopesOf = (exportTo: readonly string[], own: string): readonly string[] => (exportTo.length === 0 ? ['*'] : exportTo.map((scope) => (scope === '.' ? own : scope)));

/** Whether some namespace sees both. */
function shareScope(mine: readonly string[], { view, resource }: VirtualServiceEntry): boolean {
  const theirs = scopesOf(view.exportTo, resource.namespace);
  return mine.includes('*') || theirs.includes('*') || mine.some((scope) => theirs.includes(scope));
}

/** One is for everybody, the other for some: istioctl then also holds wildcards against hosts that they cover. */
function shareEveryScope(mine: readonly string[], { view, resource }: VirtualServiceEntry): boolean {
  const theirs = scopesOf(view.exportTo, resource.namespace);
  return mine.includes('*') !== theirs.includes('*');
}
