import { describe, expect, it } from 'vitest';
import { analyze } from '../../analyze.ts';
import { brief, found, inputOf } from '../../from-yaml.fixture.ts';
import { analysisInputOf, withChanges } from '../../input/analysis-input.ts';

const SERVICE = `
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
---
`;

const route = (destination: string, namespace = 'shop'): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: ${namespace}}
spec: {hosts: [a.example.com], http: [{route: [{destination: ${destination}}]}]}
`;
const VS = 'IST0101 VirtualService.networking.istio.io/shop/a';
const AT = 'spec.http[0].route[0].destination';

const entry = (host: string, exportTo = '"*"', namespace = 'other'): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: e, namespace: ${namespace}}
spec: {hosts: ["${host}"], exportTo: [${exportTo}], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
---
`;

describe('references of a VirtualService', () => {
  it.each([
    ['a short name of its own namespace', SERVICE + route('{host: reviews}')],
    ['a full name from another namespace', SERVICE + route('{host: reviews.shop.svc.cluster.local, port: {number: 80}}', 'other')],
    ['a ServiceEntry', entry('api.example.com') + route('{host: api.example.com, port: {number: 443}}')],
    ['a wildcard of a ServiceEntry', entry('*.example.com') + route('{host: api.eu.example.com}')],
    ['a ServiceEntry for its own namespace', entry('api.example.com', '"."', 'shop') + route('{host: api.example.com}')],
  ])('to %s are found', (_what, yaml) => {
    expect(found(yaml, ['IST0101'])).toEqual([]);
  });

  it.each([
    ['a name that nobody has', SERVICE + route('{host: reviews.other.svc.cluster.local}'), `${VS} ${AT}.host`],
    ['a port that the service lacks', SERVICE + route('{host: reviews, port: {number: 8080}}'), `${VS} ${AT}.port.number`],
    ['a subset that nobody defines', SERVICE + route('{host: reviews, subset: v2}'), `${VS} ${AT}.subset`],
    ['a ServiceEntry that is not exported', entry('api.example.com', '"."') + route('{host: api.example.com}'), `${VS} ${AT}.host`],
  ])('to %s are not', (_what, yaml, finding) => {
    expect(found(yaml, ['IST0101'])).toEqual([finding]);
  });

  it('are looked for where the VirtualService counts', () => {
    const scoped = (exportTo: string): string[] => found(entry('api.example.com', 'shop', 'other') + route('{host: api.example.com}').replace('spec: {', `spec: {exportTo: [${exportTo}], `), ['IST0101']);
    expect(scoped('"."')).toEqual([]);
    expect(scoped('other, shop')).toEqual([]);
    expect(scoped('other')).toHaveLength(1);
    expect(scoped('"*"')).toHaveLength(1);
  });

  it('of mirrors, TLS and TCP routes are judged as well', () => {
    const yaml = `${SERVICE}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec:
  hosts: [a.example.com]
  http: [{route: [{destination: {host: reviews}}], mirror: {host: one}, mirrors: [{destination: {host: two}}]}]
  tls: [{match: [{sniHosts: [a.example.com]}], route: [{destination: {host: three}}]}]
  tcp: [{route: [{destination: {host: four}}]}]
`;
    expect(found(yaml, ['IST0101'])).toEqual([`${VS} spec.http[0].mirror.host`, `${VS} spec.http[0].mirrors[0].destination.host`, `${VS} spec.tcp[0].route[0].destination.host`, `${VS} spec.tls[0].route[0].destination.host`]);
  });

  it('to services of other clusters of the mesh are found when we are told of them', () => {
    expect(found(route('{host: cart}'), ['IST0101'], { hostsElsewhere: new Set(['cart.shop.svc.cluster.local']) })).toEqual([]);
  });

  it('may lead to what the inventory could not hold', () => {
    const input = analysisInputOf([{ key: 'ServiceEntry.networking.istio.io/shop/large', body: { hash: 'h', apiVersion: 'networking.istio.io/v1' } }]);
    const after = withChanges(input, { upsert: [...inputOf(route('{host: api.example.com}')).byKind.values()].flatMap((kind) => [...kind.values()]).map(({ apiVersion, name, namespace, spec }) => ({ object: { apiVersion, kind: 'VirtualService', metadata: { name, namespace }, spec } })) });
    expect(brief(analyze(after, { only: ['IST0101'] }))).toEqual([]);
  });

  it('to gateways may name their namespace', () => {
    const gateway = 'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: infra}\nspec: {servers: []}\n---\n';
    const service = (name: string): string => `${gateway}apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: shop}\nspec: {hosts: [a.example.com], gateways: [mesh, ${name}]}\n`;
    expect(found(service('infra/g'), ['IST0101'])).toEqual([]);
    expect(found(service('g'), ['IST0101'])).toEqual([`${VS} spec.gateways[1]`]);
  });
});

describe('selectors', () => {
  const pod = (namespace: string, app: string): string => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${app}, namespace: ${namespace}}\nspec: {template: {metadata: {labels: {app: ${app}, tier: web}}, spec: {containers: [{name: a, image: a}]}}}\n---\n`;
  const gateway = 'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop}\nspec: {selector: {app: entry, tier: web}, servers: []}\n';
  const sidecar = 'apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: s, namespace: shop}\nspec: {workloadSelector: {labels: {app: entry}}}\n';

  it('of gateways match in every namespace, those of sidecars in their own', () => {
    expect(found(pod('infra', 'entry') + gateway, ['IST0101'])).toEqual([]);
    expect(found(pod('infra', 'entry') + sidecar, ['IST0101'])).toEqual(['IST0101 Sidecar.networking.istio.io/shop/s spec.workloadSelector.labels']);
    expect(found(pod('shop', 'entry') + sidecar, ['IST0101'])).toEqual([]);
  });

  it('need all of their labels', () => {
    expect(found(pod('infra', 'other') + gateway, ['IST0101'])).toEqual(['IST0101 Gateway.networking.istio.io/shop/g spec.selector']);
  });
});

describe('source namespaces of an AuthorizationPolicy', () => {
  const policy = (names: string): string => `
apiVersion: v1
kind: Namespace
metadata: {name: shop-eu}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: a, namespace: shop-eu}
spec: {rules: [{from: [{source: {namespaces: [${names}]}}]}]}
`;
  it('may be those of other clusters of the mesh', () => {
    expect(found(policy('cart, "pay*"'), ['IST0101'], { namespacesElsewhere: new Set(['cart', 'payments']) })).toEqual([]);
  });

  it('must exist; a star at either end stands for anything', () => {
    expect(found(policy('shop-eu, "shop*", "*-eu", "*"'), ['IST0101'])).toEqual([]);
    expect(found(policy('shop, "cart*"'), ['IST0101'])).toEqual([0, 1].map((k) => `IST0101 AuthorizationPolicy.security.istio.io/shop-eu/a spec.rules[0].from[0].source.namespaces[${k}]`));
  });
});
