import type { KubeObject } from '@meshfleet/model';
import type { ClusterContents, Service, Workload } from './cluster-contents.ts';
import { indexReferences, reachesFrom } from './follow-references.ts';
import type { HostReach, WorkloadReach } from './reach.ts';

/** Whom a change concerns in one cluster; each list sorted and without doubles. */
export interface BlastRadius {
  readonly namespaces: readonly string[];
  /** `Deployment.apps/shop/checkout` */
  readonly workloads: readonly string[];
  /** `Service/shop/checkout` */
  readonly services: readonly string[];
}

/**
 * The workloads whose proxies the objects configure, the services whose traffic they shape, and the namespaces of both:
 * what can notice when one of them is wrong. Workloads are reached by selectors, behind services, and as gateways that a
 * route attaches to; services by hosts and in front of reached workloads.
 *
 * @param objects all objects that are added, changed or removed, both as they were and as they will be
 */
export function blastRadius(objects: readonly KubeObject[], contents: ClusterContents): BlastRadius {
  const namespaces = new Set<string>();
  const workloads = new Set<Workload>();
  const services = new Set<Service>();
  // What the change itself brings counts beside what is there: a route may come with its Gateway.
  const references = indexReferences([...contents.references, ...objects]);
  for (const object of objects) {
    if (object.metadata.namespace !== undefined) namespaces.add(object.metadata.namespace);
    for (const reach of reachesFrom(object, references, contents.rootNamespace)) {
      const byKey = new Set(reach.workloadKeys);
      for (const workload of contents.workloads) if (byKey.has(workload.key) || reach.workloads.some((one) => isChosen(workload, one))) workloads.add(workload);
      if (reach.workloads.some(isWholeMesh)) for (const each of contents.namespaces) namespaces.add(each);
      for (const service of contents.services) {
        if (!reach.hosts.some((one) => meansService(one, service))) continue;
        services.add(service);
        for (const workload of contents.workloads) if (selects(service, workload)) workloads.add(workload);
      }
    }
  }
  for (const service of contents.services) if ([...workloads].some((workload) => selects(service, workload))) services.add(service);
  for (const { namespace } of [...workloads, ...services]) namespaces.add(namespace);
  const keys = (found: Iterable<{ readonly key: string }>): string[] => [...found].map(({ key }) => key).sort();
  return { namespaces: [...namespaces].sort(), workloads: keys(workloads), services: keys(services) };
}

const isChosen = (workload: Workload, { namespace, labels }: WorkloadReach): boolean => (namespace === null || namespace === workload.namespace) && carries(workload, labels);

/** A selector without labels in the root namespace; a gateway's pods are looked for everywhere too, but by labels. */
const isWholeMesh = ({ namespace, labels }: WorkloadReach): boolean => namespace === null && Object.keys(labels).length === 0;

function carries(workload: Workload, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([name, value]) => workload.labels[name] === value);
}

function selects(service: Service, workload: Workload): boolean {
  return service.selector !== null && service.namespace === workload.namespace && carries(workload, service.selector);
}

/** Istio resolves a host without dots in the namespace of the object that names it; others are full names, maybe with a `*` in front. */
function meansService({ host, namespace }: HostReach, service: Service): boolean {
  const full = `${service.name}.${service.namespace}.svc.cluster.local`;
  if (host === '*') return true;
  if (host.startsWith('*.')) return full.endsWith(host.slice(1));
  if (!host.includes('.')) return host === service.name && namespace === service.namespace;
  return host === full || host === `${service.name}.${service.namespace}` || host === `${service.name}.${service.namespace}.svc`;
}
