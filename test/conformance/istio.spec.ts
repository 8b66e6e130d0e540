import { istioCustomResourceDefinitions } from '@meshfleet/istio';
import type { KubeObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { withCluster } from './with-cluster.ts';

const definitions = istioCustomResourceDefinitions();
const bed = withCluster([...definitions]);
const networking = (ns: string, plural: string): string => `/apis/networking.istio.io/v1/namespaces/${ns}/${plural}`;
const security = (ns: string, plural: string): string => `/apis/security.istio.io/v1/namespaces/${ns}/${plural}`;
const telemetry = (ns: string, plural: string): string => `/apis/telemetry.istio.io/v1/namespaces/${ns}/${plural}`;

interface Definition {
  readonly group: string;
  readonly names: { readonly plural: string; readonly kind: string };
  readonly versions: readonly { readonly name: string; readonly served: boolean }[];
}
// Istio's own definitions, checked when they are generated.
const specOf = (definition: KubeObject): Definition => definition['spec'] as unknown as Definition;
const object = (apiVersion: string, kind: string, spec: unknown) => ({ apiVersion, kind, metadata: { name: 'x' }, spec });

const SOUND: readonly (readonly [string, (ns: string, plural: string) => string, string, string, unknown])[] = [
  ['VirtualService', networking, 'virtualservices', 'networking.istio.io/v1', { hosts: ['reviews'], http: [{ match: [{ uri: { prefix: '/a' }, headers: { end: { exact: 'x' } } }], route: [{ destination: { host: 'reviews', subset: 'v1', port: { number: 80 } }, weight: 90 }, { destination: { host: 'reviews' }, weight: 10 }], timeout: '5s', retries: { attempts: 3, perTryTimeout: '2s' }, fault: { delay: { percentage: { value: 0.1 }, fixedDelay: '5s' } } }] }],
  ['DestinationRule', networking, 'destinationrules', 'networking.istio.io/v1', { host: 'reviews', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' }, loadBalancer: { simple: 'LEAST_REQUEST' }, outlierDetection: { consecutive5xxErrors: 5, interval: '30s' } }, subsets: [{ name: 'v1', labels: { version: 'v1' } }] }],
  ['Gateway', networking, 'gateways', 'networking.istio.io/v1', { selector: { istio: 'ingress' }, servers: [{ port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts: ['*'], tls: { mode: 'SIMPLE', credentialName: 'c' } }] }],
  ['ServiceEntry', networking, 'serviceentries', 'networking.istio.io/v1', { hosts: ['x.example.test'], location: 'MESH_INTERNAL', resolution: 'STATIC', ports: [{ number: 80, name: 'http', protocol: 'HTTP' }], endpoints: [{ address: '192.0.2.1' }] }],
  ['WorkloadEntry', networking, 'workloadentries', 'networking.istio.io/v1', { address: '192.0.2.1', labels: { app: 'x' }, serviceAccount: 'x' }],
  ['Sidecar', networking, 'sidecars', 'networking.istio.io/v1', { egress: [{ hosts: ['./*', 'istio-system/*'] }] }],
  ['PeerAuthentication', security, 'peerauthentications', 'security.istio.io/v1', { mtls: { mode: 'STRICT' }, selector: { matchLabels: { app: 'x' } }, portLevelMtls: { 8080: { mode: 'DISABLE' } } }],
  ['AuthorizationPolicy', security, 'authorizationpolicies', 'security.istio.io/v1', { action: 'DENY', rules: [{ from: [{ source: { principals: ['cluster.local/ns/a/sa/b'] } }], to: [{ operation: { methods: ['GET'], paths: ['/x'] } }], when: [{ key: 'request.headers[x]', values: ['y'] }] }] }],
  ['RequestAuthentication', security, 'requestauthentications', 'security.istio.io/v1', { jwtRules: [{ issuer: 'https://issuer.example.test', jwksUri: 'https://issuer.example.test/keys' }] }],
  ['Telemetry', telemetry, 'telemetries', 'telemetry.istio.io/v1', { accessLogging: [{ providers: [{ name: 'envoy' }] }], tracing: [{ randomSamplingPercentage: 10 }] }],
];

describe('a sound object', () => {
  it.each(SOUND)('of kind %s is applied, owned, and read back as it was', async (kind, path, plural, apiVersion, spec) => {
    const ns = await bed.client.namespace();
    const { status, body } = await bed.client.apply(`${path(ns, plural)}/x`, 'meshfleet', object(apiVersion, kind, spec));
    expect(status).toBe(201);
    expect(body.spec).toEqual(spec);
    const again = await bed.client.apply(`${path(ns, plural)}/x`, 'meshfleet', object(apiVersion, kind, spec));
    expect(again.body).toEqual(body);
  });
});

describe('an unsound object', () => {
  it.each([
    ['a PeerAuthentication of a mode that there is not', security, 'peerauthentications', object('security.istio.io/v1', 'PeerAuthentication', { mtls: { mode: 'SOMETIMES' } }), 422, 'spec.mtls.mode: Unsupported value: "SOMETIMES"'],
    ['ports of mutual TLS without a selector', security, 'peerauthentications', object('security.istio.io/v1', 'PeerAuthentication', { portLevelMtls: { 80: { mode: 'STRICT' } } }), 422, 'portLevelMtls requires selector'],
    ['a duration that is none', networking, 'virtualservices', object('networking.istio.io/v1', 'VirtualService', { hosts: ['a'], http: [{ timeout: 'soon' }] }), 422, 'spec.http[0].timeout: Invalid value: "string": type conversion error from \'string\' to \'google.protobuf.Duration\' evaluating rule: must be a valid duration greater than 1ms'],
    ['a weight that is a text', networking, 'virtualservices', object('networking.istio.io/v1', 'VirtualService', { hosts: ['a'], http: [{ route: [{ destination: { host: 'a' }, weight: 'half' }] }] }), 500, '.spec.http[0].route[0].weight: expected numeric (int or float), got string'],
    ['a DestinationRule without a host', networking, 'destinationrules', object('networking.istio.io/v1', 'DestinationRule', {}), 422, 'spec.host: Required value'],
    ['a subset that is a text', networking, 'destinationrules', object('networking.istio.io/v1', 'DestinationRule', { host: 'a', subsets: 'v1' }), 500, '.spec.subsets: expected list, got &{v1}'],
    ['a Gateway with a field that there is not', networking, 'gateways', object('networking.istio.io/v1', 'Gateway', { selectr: { istio: 'ingress' } }), 500, '.spec.selectr: field not declared in schema'],
    ['a ServiceEntry without hosts', networking, 'serviceentries', object('networking.istio.io/v1', 'ServiceEntry', { ports: [{ number: 80, name: 'http' }] }), 422, 'spec.hosts: Required value'],
    ['an action that there is not', security, 'authorizationpolicies', object('security.istio.io/v1', 'AuthorizationPolicy', { action: 'MAYBE' }), 422, 'spec.action: Unsupported value: "MAYBE"'],
    ['an issuer that is empty', security, 'requestauthentications', object('security.istio.io/v1', 'RequestAuthentication', { jwtRules: [{ issuer: '' }] }), 422, 'spec.jwtRules[0].issuer'],
    ['a sampling over a hundred', telemetry, 'telemetries', object('telemetry.istio.io/v1', 'Telemetry', { tracing: [{ randomSamplingPercentage: 101 }] }), 422, 'spec.tracing[0].randomSamplingPercentage'],
  ])('is refused: %s', async (_what, path, plural, body, code, message) => {
    const ns = await bed.client.namespace();
    const answer = await bed.client.apply(`${path(ns, plural)}/x`, 'meshfleet', body);
    expect([answer.status, answer.body.message]).toEqual([code, expect.stringContaining(message)]);
  });
});

describe('every served version of every definition', () => {
  it.each(definitions.map((definition) => [definition.metadata.name ?? '', specOf(definition)] as const))('%s answers lists, schemas and empty objects', async (_name, { group, names, versions }) => {
    const ns = await bed.client.namespace();
    for (const { name } of versions.filter(({ served }) => served)) {
      const path = `/apis/${group}/${name}/namespaces/${ns}/${names.plural}`;
      expect((await bed.client.get(path)).body).toMatchObject({ kind: `${names.kind}List`, apiVersion: `${group}/${name}`, items: [] });
      const { status, body } = await bed.client.post(path, { apiVersion: `${group}/${name}`, kind: names.kind, metadata: { name: 'empty' }, spec: { nonsense: true } });
      expect([status, status === 201 ? body.spec : body.details.causes.map(({ field, reason }: { field: string; reason: string }) => `${field} ${reason}`).sort()]).toMatchSnapshot();
      await bed.client.delete(`${path}/empty`);
    }
  });
});
