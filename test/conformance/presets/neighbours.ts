import { formatObjectKey, isMetadataOnly, objectKeyOf } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/**
 * What must stand in a cluster for some objects of a mesh to make sense: namespaces in the mesh, Services with pods behind
 * the hosts, pods with the labels that are selected, gateways with their ports and certificates.
 */
export function neighboursOf(objects: readonly KubeObject[], certificate: Certificate): KubeObject[] {
  const found = new Map<string, KubeObject>();
  const add = (object: KubeObject): void => void found.set(formatObjectKey(objectKeyOf(object)), object);
  for (const object of objects) {
    const namespace = object.metadata.namespace ?? '';
    for (const labels of selectorsOf(object)) add(pod(namespace, labels));
  }
  for (const object of objects.filter(({ kind, apiVersion }) => kind === 'Gateway' && apiVersion.startsWith('networking.istio.io'))) {
    const labels = stringMap(tree(object['spec'])['selector']);
    const pods = [...found.values()].filter(({ kind, metadata }) => kind === 'Pod' && Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value));
    for (const namespace of new Set(pods.map(({ metadata }) => metadata.namespace ?? ''))) for (const one of gatewayParts(object, namespace, certificate)) add(one);
  }
  for (const one of servicesOf(objects)) add(one);
  for (const object of [...objects, ...found.values()]) if (object.metadata.namespace !== undefined) add(pod(object.metadata.namespace, { app: 'resident' }));
  for (const name of namespacesOf([...objects, ...found.values()])) add({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'istio-injection': 'enabled' } } });
  return [...found.values()].sort((a, b) => Number(b.kind === 'Namespace') - Number(a.kind === 'Namespace'));
}

/** The object that somebody else owns, with the labels and annotations that are put on it. */
export function withOwner(object: KubeObject): KubeObject {
  if (!isMetadataOnly(object) || object.kind === 'Namespace' || object.kind === 'Service') return object;
  const { labels = {}, annotations = {} } = tree(tree(tree(object['spec'])['template'])['metadata']);
  const app = { app: object.metadata.name ?? '' };
  return { ...object, spec: { selector: { matchLabels: app }, template: { metadata: { labels: { ...app, ...stringMap(labels) }, annotations: stringMap(annotations) }, spec: { containers: [{ name: 'app', image: 'app' }] } } } };
}

type Tree = Readonly<Record<string, unknown>>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
const tree = (value: unknown): Tree => (isTree(value) ? value : {});

/** Every mapping within a value. */
function* treesOf(value: unknown): Generator<Tree> {
  if (Array.isArray(value)) for (const item of value) yield* treesOf(item);
  if (!isTree(value)) return;
  yield value;
  for (const child of Object.values(value)) yield* treesOf(child);
}

const stringMap = (value: unknown): Record<string, string> => Object.fromEntries(Object.entries(tree(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));

function selectorsOf(object: KubeObject): Record<string, string>[] {
  const spec = tree(object['spec']);
  const selector = tree(spec['selector']);
  const workloads = tree(spec['workloadSelector']);
  return [selector['matchLabels'] ?? (object.kind === 'Gateway' ? selector : {}), workloads['labels'] ?? workloads['matchLabels'] ?? {}].map(stringMap).filter((labels) => Object.keys(labels).length > 0);
}

/** Ports and certificates of a gateway whose pods run in a namespace. */
function gatewayParts(object: KubeObject, namespace: string, { certificate, key }: Certificate): KubeObject[] {
  const spec = tree(object['spec']);
  const ports = [...treesOf(spec['servers'])].map((server) => tree(server['port'])['number']).filter((port) => typeof port === 'number');
  const credentials = [...treesOf(spec['servers'])].map((server) => server['credentialName']).filter((credential) => typeof credential === 'string');
  const data = { 'tls.crt': base64(certificate), 'tls.key': base64(key), 'ca.crt': base64(certificate) };
  return [
    service(namespace, `${object.metadata.name ?? ''}-ports`, stringMap(spec['selector']), [...new Set(ports)]),
    ...credentials.map((credential): KubeObject => ({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name: credential, namespace }, data })),
  ];
}

/** Services behind the hosts that routes and rules name, and pods of each subset behind them. */
function servicesOf(objects: readonly KubeObject[]): KubeObject[] {
  const ports = new Map<string, Set<number>>();
  const subsets = new Map<string, Record<string, string>[]>();
  const note = (host: unknown, port: unknown, from: KubeObject): string | undefined => {
    const at = typeof host === 'string' ? placeOf(host, from.metadata.namespace ?? '') : undefined;
    if (at === undefined) return undefined;
    const known = ports.get(at) ?? new Set();
    ports.set(at, typeof port === 'number' ? known.add(port) : known);
    return at;
  };
  for (const object of objects) {
    const spec = tree(object['spec']);
    for (const one of treesOf(spec)) {
      for (const place of [tree(one['destination']), tree(one['mirror'])]) note(place['host'], tree(place['port'])['number'], object);
      if (one['kind'] === 'Service' || 'backendRefs' in one) for (const ref of [one, ...treesOf(one['backendRefs'])]) note(ref['name'], ref['port'], object);
    }
    if (object.kind === 'VirtualService' && spec['gateways'] === undefined) for (const host of (spec['hosts'] ?? []) as unknown[]) note(host, undefined, object);
    if (object.kind !== 'DestinationRule') continue;
    const at = note(typeof spec['host'] === 'string' ? spec['host'].replace(/^\*\./, 'any.') : undefined, undefined, object);
    if (at === undefined) continue;
    const labels = [...treesOf(spec['subsets'])].map((subset) => stringMap(subset['labels'])).filter((one) => Object.keys(one).length > 0);
    subsets.set(at, [...(subsets.get(at) ?? []), ...labels]);
  }
  return [...ports].flatMap(([at, numbers]) => {
    const [namespace = '', name = ''] = at.split('/');
    return [service(namespace, name, { app: name }, numbers.size === 0 ? [80] : [...numbers]), ...[{}, ...(subsets.get(at) ?? [])].map((labels) => pod(namespace, { app: name, ...labels }))];
  });
}

/** `namespace/name` of the Service that a host means; undefined for hosts outside. */
function placeOf(host: string, namespace: string): string | undefined {
  if (host.includes('*')) return undefined;
  const parts = host.replace(/\.svc\.cluster\.local$|\.cluster\.local$/, '').split('.');
  if (host.endsWith('.cluster.local')) return `${parts[1] ?? 'default'}/${parts[0] ?? ''}`;
  return parts.length === 1 ? `${namespace}/${host}` : undefined;
}

function namespacesOf(objects: readonly KubeObject[]): Set<string> {
  const names = new Set<string>();
  for (const object of objects) {
    if (object.metadata.namespace !== undefined) names.add(object.metadata.namespace);
    for (const one of treesOf(object['spec'])) {
      for (const list of [one['namespaces'], one['notNamespaces']]) if (Array.isArray(list)) for (const name of list) names.add(String(name).replace('*', 'x'));
      if (Array.isArray(one['exportTo'])) for (const name of one['exportTo']) if (/^[a-z]/.test(String(name))) names.add(String(name));
    }
  }
  return names;
}

function service(namespace: string, name: string, selector: Record<string, string>, ports: readonly number[]): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector, ports: ports.map((port) => ({ name: `http-${String(port)}`, port, targetPort: port, protocol: 'TCP' })) } };
}

function pod(namespace: string, labels: Record<string, string>): KubeObject {
  const name = Object.entries(labels).flat().join('-').toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec: { containers: [{ name: 'app', image: 'app' }, { name: 'istio-proxy', image: 'proxy' }] } };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
