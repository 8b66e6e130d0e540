import type { JsonObject, KubeObject } from '@meshfleet/model';

interface Row {
  readonly key: string;
  readonly body: JsonObject;
}

const SERVICES_PER_NAMESPACE = 10;
const namespaceOf = (service: number): string => `team-${Math.floor(service / SERVICES_PER_NAMESPACE)}`;

/** The inventory of a mesh of about so many objects, as its agent would report it: four for each service, and their namespaces. */
export function meshOf(size: number): Row[] {
  const services = Math.round(size / 4.2);
  const rows: Row[] = [];
  for (let service = 0; service < services; service += 1) {
    if (service % SERVICES_PER_NAMESPACE === 0) rows.push(...namespaceRows(namespaceOf(service)));
    rows.push(...serviceRows(service, services));
  }
  return rows;
}

function namespaceRows(name: string): Row[] {
  return [
    { key: `Namespace/${name}`, body: { labels: { 'istio-injection': 'enabled', 'kubernetes.io/metadata.name': name }, phase: 'Active' } },
    mesh('Sidecar', 'networking.istio.io', name, 'default', { egress: [{ hosts: ['./*', 'istio-system/*'] }] }),
  ];
}

function serviceRows(service: number, services: number): Row[] {
  const namespace = namespaceOf(service);
  const name = `service-${service}`;
  const labels = { app: name, version: 'v1', 'app.kubernetes.io/part-of': namespace };
  // Every fiftieth calls a service that is not there.
  const called = service % 50 === 0 ? services + service : (service * 7) % services;
  return [
    { key: `Service/${namespace}/${name}`, body: { labels, type: 'ClusterIP', ports: [{ name: 'http', port: 80, targetPort: 8080 }], selector: { app: name }, clusterIPs: ['10.0.0.1'] } },
    { key: `Deployment.apps/${namespace}/${name}`, body: { kind: 'Deployment', replicas: 2, ready: 2, images: ['registry.example.com/app:1'], labels, serviceAccount: name } },
    mesh('VirtualService', 'networking.istio.io', namespace, name, routes(service, called)),
    service % 2 === 0
      ? mesh('DestinationRule', 'networking.istio.io', namespace, name, { host: name, trafficPolicy: { outlierDetection: { consecutive5xxErrors: 5 } }, subsets: [{ name: 'v1', labels: { version: 'v1' } }] })
      : mesh('AuthorizationPolicy', 'security.istio.io', namespace, name, { selector: { matchLabels: { app: name } }, rules: [{ from: [{ source: { principals: [`cluster.local/ns/${namespace}/sa/default`] } }] }] }),
  ];
}

function routes(service: number, called: number): JsonObject {
  return {
    hosts: [`service-${service}`],
    http: [
      { match: [{ uri: { prefix: '/admin' } }, { headers: { 'x-cohort': { exact: 'canary' } } }], route: [{ destination: { host: `service-${called}.${namespaceOf(called)}.svc.cluster.local`, port: { number: 80 } } }] },
      { timeout: '5s', retries: { attempts: 2, perTryTimeout: '1s' }, route: [{ destination: { host: `service-${service}`, port: { number: 80 }, ...(service % 2 === 0 ? { subset: 'v1' } : {}) }, weight: 100 }] },
    ],
  };
}

/** A service of {@link meshOf}, or its routes, changed in a small way. */
export function serviceOf(service: number, kind: 'Service' | 'VirtualService'): KubeObject {
  const metadata = { name: `service-${service}`, namespace: namespaceOf(service) };
  if (kind === 'VirtualService') return { apiVersion: 'networking.istio.io/v1', kind, metadata, spec: routes(service, service + 3) };
  return { apiVersion: 'v1', kind, metadata, spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }, { name: 'http-admin', port: 9000 + service }], selector: { app: metadata.name } } };
}

function mesh(kind: string, group: string, namespace: string, name: string, spec: JsonObject): Row {
  return { key: `${kind}.${group}/${namespace}/${name}`, body: { apiVersion: `${group}/v1`, hash: 'h', spec } };
}
