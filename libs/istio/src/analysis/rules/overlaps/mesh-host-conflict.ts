import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { coveringHosts, fullHost } from '../../hosts.ts';
import { meshVirtualServices, meshVirtualServicesUnder } from '../../indexes/virtual-services.ts';
import type { VirtualServiceEntry } from '../../indexes/virtual-services.ts';
import { KIND } from '../../input/kinds.ts';
import type { Resource } from '../../input/resource.ts';
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
    const forAll = mine.includes('*');
    const shares = (other: VirtualServiceEntry): boolean => forAll || sharesScope(mine, other);
    // One is for everybody, the other for some: istioctl then also holds wildcards against hosts that they cover.
    const isUnlike = (other: VirtualServiceEntry): boolean => forAll !== isForAll(other);
    const rivals = new Rivals(subject.id);
    // One finding for each set of rivals, however many hosts they dispute.
    const disputes = new Map<string, { readonly path: string; readonly hosts: string[]; readonly rivals: readonly Resource[] }>();
    for (const [i, host] of view.hosts.entries()) {
      const full = fullHost(host, subject.namespace, read.domain());
      const found: number[] = [];
      for (const other of read.meshVirtualServices(full)) if (shares(other)) rivals.add(found, other);
      for (const wider of coveringHosts(full)) {
        if (wider !== full) for (const other of read.meshVirtualServices(wider)) if (isUnlike(other)) rivals.add(found, other);
      }
      if (full.startsWith('*')) for (const other of read.meshVirtualServicesUnder(full)) if (isUnlike(other)) rivals.add(found, other);
      if (found.length === 0) continue;
      const set = inOrder(found);
      const ids = set.join(' ');
      const known = disputes.get(ids);
      if (known === undefined) disputes.set(ids, { path: `spec.hosts[${i}]`, hosts: [full], rivals: rivals.resources(set) });
      else known.hosts.push(full);
    }
    for (const { path, hosts, rivals } of disputes.values()) {
      const named = firstById(rivals);
      const names = `${named.map(({ namespace, name }) => `${namespace}/${name}`).join(', ')}${rivals.length === named.length ? '' : ` and ${rivals.length - named.length} more`}`;
      yield { path, message: `The VirtualService${rivals.length === 1 ? '' : 's'} ${names} also route${rivals.length === 1 ? 's' : ''} ${hosts.join(', ')} for sidecars`, related: named.map(({ id }) => id) };
    }
  },
});

const scopesOf = (exportTo: readonly string[], own: string): readonly string[] => (exportTo.length === 0 ? ['*'] : exportTo.map((scope) => (scope === '.' ? own : scope)));

const isForAll = ({ view }: VirtualServiceEntry): boolean => view.exportTo.length === 0 || view.exportTo.includes('*');

/** Whether some namespace sees both. */
function sharesScope(mine: readonly string[], other: VirtualServiceEntry): boolean {
  return isForAll(other) || scopesOf(other.view.exportTo, other.resource.namespace).some((scope) => mine.includes(scope));
}

/** Of thousands for one host each would name all others: nobody reads that, and it grows with the square. */
const MOST_NAMED = 20;

/** The first of them, without sorting the rest. */
function firstById(rivals: readonly Resource[]): readonly Resource[] {
  const byId = (a: Resource, b: Resource): number => (a.id < b.id ? -1 : 1);
  const first = rivals.slice(0, MOST_NAMED).sort(byId);
  for (const rival of rivals.slice(MOST_NAMED)) {
    if (rival.id > (first.at(-1)?.id ?? '')) continue;
    first[MOST_NAMED - 1] = rival;
    first.sort(byId);
  }
  return first;
}

/** Each once, sorted: mostly they come so. */
function inOrder(numbers: readonly number[]): readonly number[] {
  if (numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0))) return numbers;
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** Those whose hosts one VirtualService disputes, by a number: sets of numbers are told apart for less than sets of long names. */
class Rivals {
  readonly #own: string;
  readonly #numbers = new Map<string, number>();
  readonly #resources: Resource[] = [];

  constructor(own: string) {
    this.#own = own;
  }

  add(found: number[], { resource }: VirtualServiceEntry): void {
    if (resource.id === this.#own) return;
    const known = this.#numbers.get(resource.id);
    found.push(known ?? this.#resources.length);
    if (known !== undefined) return;
    this.#numbers.set(resource.id, this.#resources.length);
    this.#resources.push(resource);
  }

  resources(numbers: readonly number[]): Resource[] {
    return numbers.flatMap((number) => this.#resources[number] ?? []);
  }
}
