import type { KubeObject } from '@meshfleet/model';
import type { ClusterContents, Service, Workload } from './cluster-contents.ts';
import { indexReferences, reachOfAll } from './follow-references.ts';
import { indexServices, indexWorkloads } from './index-contents.ts';

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
  const namespaces = new Set(objects.map(({ metadata }) => metadata.namespace).filter((namespace) => namespace !== undefined));
  // What the change itself brings counts beside what is there: a route may come with its Gateway.
  const reach = reachOfAll(objects, indexReferences([...contents.references, ...objects]), contents.rootNamespace);
  const among = indexWorkloads(contents.workloads);
  const workloads = new Set<Workload>(among.withKeys(reach.workloadKeys));
  for (const { namespace, labels } of reach.workloads) {
    if (isWholeMesh(namespace, labels)) for (const each of contents.namespaces) namespaces.add(each);
    for (const workload of among.chosenBy(namespace, labels)) workloads.add(workload);
  }
  const services = new Set<Service>(indexServices(contents.services).meantBy(reach.hosts));
  const behind = ({ namespace, selector }: Service): readonly Workload[] => (selector === null ? NONE : among.chosenBy(namespace, selector));
  // Services of one selector stand for the same workloads: these are looked through once.
  for (const found of new Set([...services].map(behind))) for (const workload of found) workloads.add(workload);
  const isReached = once((found: readonly Workload[]) => found.some((workload) => workloads.has(workload)));
  for (const service of contents.services) if (isReached(behind(service))) services.add(service);
  for (const { namespace } of [...workloads, ...services]) namespaces.add(namespace);
  const keys = (found: Iterable<{ readonly key: string }>): string[] => [...found].map(({ key }) => key).sort();
  return { namespaces: [...namespaces].sort(), workloads: keys(workloads), services: keys(services) };
}

/** A selector without labels in the root namespace; a gateway's pods are looked for everywhere too, but by labels. */
const isWholeMesh = (namespace: string | null, labels: Readonly<Record<string, string>>): boolean => namespace === null && Object.keys(labels).length === 0;

const NONE: readonly Workload[] = [];

function once<K, V>(answer: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    if (!known.has(key)) known.set(key, answer(key));
    // Just put there, if it was not before.
    return known.get(key) as V;
  };
}
