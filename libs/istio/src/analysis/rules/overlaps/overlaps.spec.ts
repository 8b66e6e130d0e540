import { describe, expect, it } from 'vitest';
import { analyze } from '../../analyze.ts';
import { found } from '../../from-yaml.fixture.ts';
import { analysisInputOf } from '../../input/analysis-input.ts';

const service = (name: string, spec: string, namespace = 'shop'): string => `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {${spec}}\n---\n`;
const REDIRECT = 'http: [{redirect: {uri: /}}]';
const names = (findings: readonly string[]): string[] => findings.map((finding) => finding.split(' ').slice(1).join(' ').replace(/^\w+\.[\w.]+\//, ''));

describe('VirtualServices for one host', () => {
  const conflicts = (yaml: string): string[] => names(found(yaml, ['IST0109']));

  it('conflict however the host is written, and whatever its case', () => {
    expect(conflicts(service('a', `hosts: [reviews], ${REDIRECT}`) + service('b', `hosts: [Reviews.shop.svc.cluster.local], ${REDIRECT}`, 'other'))).toEqual(['other/b spec.hosts[0]', 'shop/a spec.hosts[0]']);
  });

  it('do not when no namespace sees both', () => {
    expect(conflicts(service('a', `hosts: [a.com], exportTo: ["."], ${REDIRECT}`) + service('b', `hosts: [a.com], exportTo: ["."], ${REDIRECT}`, 'other'))).toEqual([]);
    expect(conflicts(service('a', `hosts: [a.com], exportTo: [other], ${REDIRECT}`) + service('b', `hosts: [a.com], exportTo: ["."], ${REDIRECT}`, 'other'))).toHaveLength(2);
  });

  it('do not when gateways alone use one of them', () => {
    expect(conflicts(service('a', `hosts: [a.com], ${REDIRECT}`) + service('b', `hosts: [a.com], gateways: [g], ${REDIRECT}`))).toEqual([]);
  });

  it('conflict through a wildcard where one is for everybody and the other for some, as istioctl sees it', () => {
    expect(conflicts(service('a', `hosts: ["*.a.com"], ${REDIRECT}`) + service('b', `hosts: [x.a.com], ${REDIRECT}`))).toEqual([]);
    expect(conflicts(service('a', `hosts: ["*.a.com"], ${REDIRECT}`) + service('b', `hosts: [x.a.com], exportTo: ["."], ${REDIRECT}`))).toHaveLength(2);
  });

  it('are told once, with all the hosts that they dispute', () => {
    const yaml = service('a', `hosts: [a.com, b.com], ${REDIRECT}`) + service('b', `hosts: [a.com, b.com], ${REDIRECT}`);
    expect(conflicts(yaml)).toEqual(['shop/a spec.hosts[0]', 'shop/b spec.hosts[0]']);
  });
});

it('of thousands of VirtualServices for one host each names a few of the others, and how many there are', () => {
  const rows = Array.from({ length: 2_000 }, (_, i) => ({ key: `VirtualService.networking.istio.io/shop/v${i}`, body: { apiVersion: 'networking.istio.io/v1', spec: { hosts: ['web'], http: [{ redirect: { uri: '/' } }] } } }));
  const findings = analyze(analysisInputOf(rows, { now: 0 }), { only: ['IST0109'] });
  expect(findings).toHaveLength(2_000);
  expect(findings[0]?.message).toMatch(/^The VirtualServices shop\/v1, shop\/v10, .* and 1979 more also route web\.shop\.svc\.cluster\.local for sidecars$/);
  expect(JSON.stringify(findings).length).toBeLessThan(5_000_000);
});

describe('routes of one VirtualService', () => {
  const routes = (http: string): string[] => found(service('a', `hosts: [a.com], http: [${http}]`), ['IST0130', 'IST0131']).map((finding) => finding.replace(/ VirtualService\S+/, ''));

  it('after one without a match are never reached', () => {
    expect(routes('{redirect: {uri: /}}, {match: [{uri: {prefix: /a}}], redirect: {uri: /}}, {redirect: {uri: /}}')).toEqual(['IST0130 spec.http[1]', 'IST0130 spec.http[2]']);
  });

  it('whose matches all stand in earlier ones are never reached', () => {
    expect(routes('{match: [{uri: {exact: /a}, name: one}], redirect: {uri: /}}, {match: [{name: two, uri: {exact: /a}}], redirect: {uri: /}}')).toEqual(['IST0130 spec.http[1]', 'IST0131 spec.http[1].match[0]']);
  });

  it('with a match under a shorter prefix say so, also within one route', () => {
    expect(routes('{match: [{uri: {prefix: /a}}, {uri: {prefix: /a/b}}], redirect: {uri: /}}, {match: [{uri: {prefix: /a/c}}, {uri: {exact: /b}}], redirect: {uri: /}}')).toEqual(['IST0131 spec.http[0].match[1]', 'IST0131 spec.http[1].match[0]']);
  });

  it('are reached where the earlier match asks for more', () => {
    for (const condition of ['method: {exact: GET}', 'headers: {x: {exact: "1"}}', 'port: 80', 'ignoreUriCase: true', 'sourceLabels: {app: a}']) {
      expect(routes(`{match: [{uri: {prefix: /a}, ${condition}}], redirect: {uri: /}}, {match: [{uri: {prefix: /a/b}}], redirect: {uri: /}}`)).toEqual([]);
    }
  });
});

describe('hosts of gateways', () => {
  const gateway = (hosts: string): string => `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: infra}\nspec: {selector: {istio: g}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [${hosts}]}]}\n---\n`;
  it.each([
    ['the host itself', 'a.com', 'a.com', true],
    ['another host', 'b.com', 'a.com', false],
    ['a wildcard above it', '"*.com"', 'a.com', true],
    ['a host below its wildcard', 'x.a.com', '"*.a.com"', true],
    ['the host for its namespace', 'shop/a.com', 'a.com', true],
    ['the host for another namespace', 'other/a.com', 'a.com', false],
    ['the host for the gateway’s own namespace', './a.com', 'a.com', false],
  ])('%s: %s serves %s: %s', (_what, served, host, is) => {
    expect(found(gateway(served) + service('a', `hosts: [${host}], gateways: [infra/g], ${REDIRECT}`), ['IST0132'])).toHaveLength(is ? 0 : 1);
  });

  it('dispute a port only on the same pods and address', () => {
    const server = (name: string, selector: string, more = ''): string => `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: ${name}, namespace: shop}\nspec: {selector: {${selector}}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ${more}hosts: [a.com, b.com]}]}\n---\n`;
    const pods = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: g, namespace: infra}\nspec: {template: {metadata: {labels: {app: g, tier: web}}, spec: {containers: [{name: a, image: a}]}}}\n---\n';
    const conflicts = (yaml: string): string[] => names(found(yaml, ['IST0145']));
    expect(conflicts(server('a', 'app: g') + server('b', 'app: g'))).toEqual(['shop/a spec.servers[0]', 'shop/b spec.servers[0]']);
    expect(conflicts(server('a', 'app: g') + server('b', 'app: h'))).toEqual([]);
    expect(conflicts(server('a', 'app: g') + server('b', 'app: g', 'bind: 10.0.0.1, '))).toEqual([]);
    expect(conflicts(server('a', 'app: g') + server('b', 'app: g, tier: web'))).toEqual([]);
    expect(conflicts(`${pods}${server('a', 'app: g')}${server('b', 'app: g, tier: web')}`)).toHaveLength(2);
  });
});

describe('Sidecars and Telemetries', () => {
  it('without a selector may stand once in a namespace', () => {
    const sidecar = (name: string, spec: string): string => `apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: ${name}, namespace: shop}\nspec: {${spec}}\n---\n`;
    expect(found(sidecar('a', '') + sidecar('b', 'workloadSelector: {labels: {app: a}}'), ['IST0111'])).toEqual([]);
    expect(found(sidecar('a', '') + sidecar('b', 'workloadSelector: {labels: {}}'), ['IST0111'])).toHaveLength(2);
    const ambient = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}\n---\n';
    expect(found(ambient + sidecar('a', '') + sidecar('b', ''), ['IST0111'])).toEqual([]);
  });

  it('for a target are not for the namespace', () => {
    const telemetry = (name: string, spec: string): string => `apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {name: ${name}, namespace: shop}\nspec: {${spec}}\n---\n`;
    expect(found(telemetry('a', '') + telemetry('b', 'targetRefs: [{kind: Service, group: "", name: a}]'), ['IST0160'])).toEqual([]);
    expect(found(telemetry('a', '') + telemetry('b', 'tracing: [{}]'), ['IST0160'])).toHaveLength(2);
  });
});

describe('requests from a gateway', () => {
  const split = service('cart', 'hosts: [cart], http: [{route: [{destination: {host: cart, subset: v1}}]}]');
  it('pass a split by when they are routed to the whole host', () => {
    expect(names(found(split + service('a', 'hosts: [a.com], gateways: [g], http: [{route: [{destination: {host: cart}}]}]'), ['IST0140']))).toEqual(['shop/a spec.http[0].route[0].destination']);
    expect(found(split + service('a', 'hosts: [a.com], gateways: [g], http: [{route: [{destination: {host: cart, subset: v2}}]}]'), ['IST0140'])).toEqual([]);
    expect(found(split + service('a', 'hosts: [a.com], http: [{route: [{destination: {host: cart}}]}]'), ['IST0140'])).toEqual([]);
  });
});
