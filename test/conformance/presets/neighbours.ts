import { createHash } from 'node:crypto';
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
  for (const one of servicesOf(objects)) add(one);
  for (const gateway of missingGateways(objects)) {
    add(gateway);
    add(pod(gateway.metadata.namespace ?? '', stringMap(tree(gateway['spec'])['selector'])));
  }
  for (const object of [...objects, ...found.values()].filter(isGateway)) {
    const labels = stringMap(tree(object['spec'])['selector']);
    const pods = [...found.values()].filter(({ kind, metadata }) => kind === 'Pod' && Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value));
    for (const namespace of new Set(pods.map(({ metadata }) => metadata.namespace ?? ''))) for (const one of gatewayParts(object, namespace, certificate)) add(one);
  }
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

const isGateway = ({ kind, apiVersion }: KubeObject): boolean => kind === 'Gateway' && apiVersion.startsWith('networking.istio.io');

/** Gateways that routes name and that are somebody else's, with the hosts of those routes. */
function missingGateways(objects: readonly KubeObject[]): KubeObject[] {
  const written = new Set(objects.filter(isGateway).map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`));
  return objects
    .filter(({ kind }) => kind === 'VirtualService')
    .flatMap((object) => {
      const spec = tree(object['spec']);
      const named = texts(spec['gateways']).filter((name) => name !== 'mesh').map((name) => (name.includes('/') ? name : `${object.metadata.namespace ?? ''}/${name}`));
      // A Gateway takes no short names.
      const hosts = texts(spec['hosts']).filter((host) => host.includes('.')).map((host) => `*/${host}`);
      return named.filter((name) => !written.has(name)).map((full): KubeObject => {
        const [namespace = '', name = ''] = full.split('/');
        return { apiVersion: 'networking.istio.io/v1', kind: 'Gateway', metadata: { name, namespace }, spec: { selector: { istio: `gateway-${nameOf(full)}` }, servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts }] } };
      });
    });
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []);

/** Ports and certificates of a gateway whose pods run in a namespace. */
function gatewayParts(object: KubeObject, namespace: string, { certificate, key }: Certificate): KubeObject[] {
  const spec = tree(object['spec']);
  const ports = [...treesOf(spec['servers'])].map((server) => tree(server['port'])['number']).filter((port) => typeof port === 'number');
  const credentials = [...treesOf(spec['servers'])].map((server) => server['credentialName']).filter((credential) => typeof credential === 'string');
  const data = { 'tls.crt': base64(certificate), 'tls.key': base64(key), 'ca.crt': base64(certificate) };
  return [
    service(namespace, `ports-${nameOf(`${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`)}`, stringMap(spec['selector']), [...new Set(ports)]),
    ...credentials.map((credential): KubeObject => ({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name: credential, namespace }, data })),
  ];
}

/** Services behind the hosts that routes and rules name, and pods of each subset behind them. */
function servicesOf(objects: readonly KubeObject[]): KubeObject[] {
  const ports = new Map<string, Set<number>>();
  const subsets = new Map<string, Record<string, string>[]>();
  const declared = new Set(objects.filter(({ kind }) => kind === 'ServiceEntry').flatMap(({ spec }) => texts(tree(spec)['hosts'])));
  const note = (host: unknown, port: unknown, from: KubeObject): string | undefined => {
    const at = typeof host === 'string' && !declared.has(host) ? placeOf(host, from.metadata.namespace ?? '') : undefined;
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
    const app = name.includes('.') ? nameOf(name) : name;
    const open = numbers.size === 0 ? [80] : [...numbers];
    return [name.includes('.') ? external(namespace, name, { app }, open) : service(namespace, name, { app }, open), ...[{}, ...(subsets.get(at) ?? [])].map((labels) => pod(namespace, { app, ...labels }))];
  });
}

/** `namespace/name` of the Service that a host means, `namespace/host` of one outside; undefined for many hosts. */
function placeOf(host: string, namespace: string): string | undefined {
  if (host.includes('*')) return undefined;
  const parts = host.replace(/\.svc\.cluster\.local$|\.cluster\.local$/, '').split('.');
  return host.endsWith('.cluster.local') ? `${parts[1] ?? 'default'}/${parts[0] ?? ''}` : `${namespace}/${host}`;
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

/** A host that is no Service, with workloads behind it. */
function external(namespace: string, host: string, labels: Record<string, string>, ports: readonly number[]): KubeObject {
  return { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata: { name: `host-${nameOf(host)}`, namespace }, spec: { hosts: [host], location: 'MESH_INTERNAL', resolution: 'STATIC', workloadSelector: { labels }, ports: ports.map((port) => ({ number: port, name: `http-${String(port)}`, protocol: 'HTTP' })) } };
}

function service(namespace: string, name: string, selector: Record<string, string>, ports: readonly number[]): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector, ports: ports.map((port) => ({ name: `http-${String(port)}`, port, targetPort: port, protocol: 'TCP' })) } };
}

function pod(namespace: string, labels: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: `pod-${nameOf(JSON.stringify(labels))}`, namespace, labels }, spec: { containers: [{ name: 'app', image: 'app' }, { name: 'istio-proxy', image: 'proxy' }] } };
}

/** A name that every kind takes, the same for the same text. */
const nameOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

const base64 = (text: string): string => Buffer.from(text).toString('base64');
