import type { JsonObject, KubeObject } from '@meshfleet/model';
import fc from 'fast-check';

// Few names and hosts, so that things meet: what refers finds something, or just misses it.
// Left out is what istioctl and we judge differently on purpose; analysis.spec.ts lists it.

const aNamespace = fc.constantFrom('shop', 'infra', 'plain');
const aService = fc.constantFrom('cart', 'orders', 'reviews');
const aSubset = fc.constantFrom('v1', 'v2');
const labelSets: readonly Readonly<Record<string, string>>[] = [{ app: 'cart' }, { app: 'cart', tier: 'web' }, { tier: 'web' }, { app: 'entry' }, { app: 'nobody' }];
const someLabels = fc.constantFrom(...labelSets);

const aHost = fc.oneof(
  { weight: 4, arbitrary: aService },
  { weight: 3, arbitrary: fc.tuple(aService, aNamespace).map(([service, namespace]) => `${service}.${namespace}.svc.cluster.local`) },
  { weight: 2, arbitrary: fc.constantFrom('api.example.com', 'eu.example.com', 'a.eu.example.com', 'nowhere.example.com', 'reviews.shop') },
);
const aServedHost = fc.constantFrom('shop.example.com', 'cart.example.com', '*.example.com', 'x.shop.example.com', 'cart');
const scope = fc.constantFrom<readonly string[] | undefined>(undefined, undefined, undefined, ['.'], ['*'], ['shop'], ['infra', 'plain']);

const service = fc.record({ ports: fc.constantFrom(['http'], ['http', 'grpc'], ['web'], ['tcp-db', 'udp']), annotations: fc.constantFrom({}, {}, { 'networking.istio.io/exportTo': '.' }) }).map(({ ports, annotations }) => ({ metadata: { annotations }, spec: { selector: { app: 'cart' }, ports: ports.map((name, i) => ({ name, port: 80 + i })) } }));
const workload = fc.record({ labels: fc.constantFrom(...labelSets.slice(0, 4)), inject: fc.constantFrom({}, {}, { 'sidecar.istio.io/inject': 'false' }, { 'sidecar.istio.io/inject': 'true' }) }).map(({ labels, inject }) => ({
  spec: { selector: { matchLabels: labels }, template: { metadata: { labels: { ...labels, ...inject } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } } },
}));

const destination = fc.record({ host: aHost, subset: fc.option(aSubset, { nil: undefined, freq: 3 }), port: fc.constantFrom(undefined, undefined, 80, 81, 443) }).map(({ host, subset, port }) => ({ host, ...(subset === undefined ? {} : { subset }), ...(port === undefined ? {} : { port: { number: port } }) }));
const match = fc.constantFrom<JsonObject>({ uri: { prefix: '/a' } }, { uri: { prefix: '/a/b' } }, { uri: { exact: '/a/b' } }, { uri: { prefix: '/c' } }, { headers: { cohort: { exact: 'one' } } });
const httpRoute = fc
  .record({ matches: fc.array(match, { maxLength: 3 }), to: fc.array(destination, { minLength: 1, maxLength: 2 }), mirror: fc.option(destination, { nil: undefined, freq: 5 }), percent: fc.constantFrom(0, 0, 0, 10) })
  .map(({ matches, to, mirror, percent }) => ({
    ...(matches.length === 0 ? {} : { match: matches }),
    route: to.map((one) => ({ destination: one, weight: 100 / to.length })),
    ...(mirror === undefined ? {} : { mirror }),
    ...(percent === 0 ? {} : { fault: { delay: { percent, fixedDelay: '1s' } } }),
  }));
const virtualService = fc
  .record({ hosts: fc.uniqueArray(fc.oneof(aServedHost, aService), { minLength: 1, maxLength: 2 }), gateways: fc.constantFrom(undefined, undefined, ['mesh'], ['entry'], ['infra/entry', 'mesh']), exportTo: scope, http: fc.array(httpRoute, { minLength: 1, maxLength: 3 }) })
  .map(({ hosts, gateways, exportTo, http }) => ({ spec: { hosts: distinct(gateways === undefined ? hosts : hosts.map((host) => (host.includes('.') ? host : `${host}.example.com`))), ...(gateways === undefined ? {} : { gateways }), ...(exportTo === undefined ? {} : { exportTo }), http } }));

/** A host beside a wildcard that covers it is refused by the webhook. */
const distinct = (hosts: readonly string[]): readonly string[] => (hosts.some((host) => host.startsWith('*')) ? hosts.slice(0, 1) : [...new Set(hosts)]);

const destinationRule = fc
  .record({ host: aHost, subsets: fc.uniqueArray(aSubset, { maxLength: 2 }), tls: fc.constantFrom(undefined, undefined, { mode: 'SIMPLE' }, { mode: 'SIMPLE', caCertificates: 'system' }, { mode: 'ISTIO_MUTUAL' }), portTls: fc.constantFrom(undefined, undefined, { mode: 'SIMPLE' }) })
  .map(({ host, subsets, tls, portTls }) => ({
    spec: {
      host,
      subsets: subsets.map((name) => ({ name, labels: { version: name } })),
      ...(tls === undefined && portTls === undefined ? {} : { trafficPolicy: { ...(tls === undefined ? {} : { tls }), ...(portTls === undefined ? {} : { portLevelSettings: [{ port: { number: 443 }, tls: portTls }] }) } }),
    },
  }));
const gateway = fc
  .record({ selector: someLabels, hosts: fc.uniqueArray(fc.oneof(aServedHost.filter((host) => host !== 'cart'), fc.constantFrom('./shop.example.com', 'shop/cart.example.com')), { minLength: 1, maxLength: 2 }), port: fc.constantFrom(80, 8080) })
  .map(({ selector, hosts, port }) => ({ spec: { selector, servers: [{ port: { number: port, name: 'http', protocol: 'HTTP' }, hosts }] } }));
const serviceEntry = fc
  .record({ host: fc.constantFrom('api.example.com', '*.eu.example.com', 'eu.example.com'), exportTo: scope, protocol: fc.constantFrom('TLS', 'TCP', 'HTTP'), addresses: fc.constantFrom([], ['10.1.2.3']) })
  .map(({ host, exportTo, protocol, addresses }) => ({ spec: { hosts: [host], addresses, ...(exportTo === undefined ? {} : { exportTo }), resolution: 'NONE', ports: [{ number: 443, name: 'port', protocol }] } }));
const sidecar = fc.option(someLabels, { nil: undefined }).map((labels) => ({ spec: { ...(labels === undefined ? {} : { workloadSelector: { labels } }), egress: [{ hosts: ['./*'] }] } }));
const telemetry = fc
  .record({ labels: fc.option(someLabels, { nil: undefined }), logs: fc.constantFrom({}, { disabled: true }, { providers: [{ name: 'envoy' }] }) })
  .map(({ labels, logs }) => ({ spec: { ...(labels === undefined ? {} : { selector: { matchLabels: labels } }), accessLogging: [logs] } }));
const authorizationPolicy = fc
  .record({ labels: fc.option(someLabels, { nil: undefined }), from: fc.constantFrom('shop', 'sho*', '*fra', 'missing', 'miss*') })
  .map(({ labels, from }) => ({ spec: { ...(labels === undefined ? {} : { selector: { matchLabels: labels } }), rules: [{ from: [{ source: { namespaces: [from] } }] }] } }));
const envoyFilter = fc
  .record({ priority: fc.constantFrom(0, 10), applyTo: fc.constantFrom('HTTP_FILTER', 'CLUSTER', 'HTTP_ROUTE', 'VIRTUAL_HOST'), operation: fc.constantFrom('ADD', 'REMOVE', 'REPLACE', 'INSERT_BEFORE', 'MERGE') })
  .filter(({ applyTo, operation }) => applyTo !== 'VIRTUAL_HOST' || operation !== 'REPLACE')
  .map(({ priority, applyTo, operation }) => ({ spec: { ...(priority === 0 ? {} : { priority }), configPatches: [{ applyTo, patch: { operation, value: { name: 'it' } } }] } }));

type Body = { readonly metadata?: JsonObject; readonly spec: unknown };

function several(apiVersion: string, kind: string, body: fc.Arbitrary<Body>, most: number, names: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'entry')): fc.Arbitrary<KubeObject[]> {
  const one = fc.record({ namespace: aNamespace, name: names, body });
  return fc.uniqueArray(one, { maxLength: most, selector: ({ namespace, name }) => `${namespace}/${name}` }).map((all) => all.map(({ namespace, name, body: { metadata, spec } }) => ({ apiVersion, kind, metadata: { ...metadata, name, namespace }, spec })));
}

const NAMESPACES: readonly KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'infra', labels: { 'istio-injection': 'enabled', 'istio.io/rev': 'canary' } } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'plain' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } },
];

/** A small cluster with mesh configuration that is often wrong. */
export const randomMesh: fc.Arbitrary<readonly KubeObject[]> = fc
  .tuple(
    several('v1', 'Service', service, 5, aService),
    several('apps/v1', 'Deployment', workload, 4),
    several('networking.istio.io/v1', 'VirtualService', virtualService, 7),
    several('networking.istio.io/v1', 'DestinationRule', destinationRule, 4),
    several('networking.istio.io/v1', 'Gateway', gateway, 5),
    several('networking.istio.io/v1', 'ServiceEntry', serviceEntry, 3),
    several('networking.istio.io/v1', 'Sidecar', sidecar, 5),
    several('telemetry.istio.io/v1', 'Telemetry', telemetry, 5),
    several('security.istio.io/v1', 'AuthorizationPolicy', authorizationPolicy, 4),
    several('networking.istio.io/v1alpha3', 'EnvoyFilter', envoyFilter, 3),
  )
  .map((kinds) => [...NAMESPACES, ...kinds.flat()]);
