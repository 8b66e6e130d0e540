import type { KubeObject } from '@meshfleet/model';

/** What every cluster has beside what policies bring: services with their pods, a gateway, and a route of somebody that lacks its subset. */
export const THERE: readonly KubeObject[] = [
  ...['shop', 'istio-system'].map((name): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: {} } })),
  ...['web', 'cart'].map((name): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec: { selector: { app: name }, ports: [{ name: 'http', port: 80 }] } })),
  workload('shop', 'web', { app: 'web' }),
  workload('shop', 'cart', { app: 'cart' }),
  workload('istio-system', 'edge', { istio: 'edge' }),
  { apiVersion: 'networking.istio.io/v1', kind: 'Gateway', metadata: { name: 'edge', namespace: 'istio-system' }, spec: { selector: { istio: 'edge' }, servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] } },
  { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'theirs', namespace: 'shop' }, spec: { hosts: ['cart'], http: [{ route: [{ destination: { host: 'cart', subset: 'v1' } }] }] } },
];

function workload(namespace: string, name: string, labels: Record<string, string>): KubeObject {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace }, spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name, image: `${name}:1` }] } } } };
}

export interface Reached {
  readonly namespaces: readonly string[];
  readonly workloads: readonly string[];
  readonly services: readonly string[];
}

/** Whom objects of a random change reach among what is there, told by what they name, and not by the product's own rules. */
export function reachedBy(objects: readonly KubeObject[]): Reached {
  const reached = { namespaces: new Set<string>(), workloads: new Set<string>(), services: new Set<string>() };
  const reach = (name: string): void => {
    reached.workloads.add(`Deployment.apps/shop/${name}`);
    reached.services.add(`Service/shop/${name}`);
  };
  for (const { kind, metadata, spec } of objects) {
    reached.namespaces.add(metadata.namespace ?? '');
    if (kind === 'PeerAuthentication') for (const name of ['web', 'cart']) reach(name);
    if (kind !== 'VirtualService' && kind !== 'DestinationRule') continue;
    const said = JSON.stringify(spec);
    for (const name of ['web', 'cart']) if (new RegExp(`"${name}(\\.shop\\.svc\\.cluster\\.local)?"`).test(said)) reach(name);
    if (!said.includes('istio-system/edge')) continue;
    reached.workloads.add('Deployment.apps/istio-system/edge');
    reached.namespaces.add('istio-system');
  }
  return { namespaces: [...reached.namespaces].sort(), workloads: [...reached.workloads].sort(), services: [...reached.services].sort() };
}
