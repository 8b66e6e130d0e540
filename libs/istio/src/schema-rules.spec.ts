import { compileSchema, findVersion, formatViolation } from '@meshfleet/manifest';
import type { Json, JsonObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { istioCatalogue } from './catalogue.ts';

const catalogue = istioCatalogue('experimental');

/** What an API server answers to an object of this kind. */
function answers(apiVersion: string, kind: string, spec: Json, old?: Json): string[] {
  const [group = '', version = ''] = apiVersion.split('/');
  const facts = catalogue.find(group, kind);
  const found = facts === undefined ? undefined : findVersion(facts, version);
  if (found === undefined) expect.unreachable(`${apiVersion} ${kind}`);
  const schema = compileSchema(found.schema);
  const whole = (body: Json): JsonObject => ({ apiVersion, kind, metadata: { name: 'a', namespace: 'b' }, spec: body });
  return schema.validate(schema.applyDefaults(whole(spec)), old === undefined ? {} : { old: schema.applyDefaults(whole(old)) }).map(formatViolation);
}

const NET = 'networking.istio.io/v1';
const SEC = 'security.istio.io/v1';
const GW = 'gateway.networking.k8s.io/v1';

const rule = (filters: Json, matches?: Json): Json => ({ parentRefs: [{ name: 'gw' }], rules: [{ ...(matches === undefined ? {} : { matches }), filters }] });
const path = (value: string, type = 'PathPrefix'): Json => ({ parentRefs: [{ name: 'gw' }], rules: [{ matches: [{ path: { type, value } }] }] });
const listeners = (...list: Json[]): Json => ({ gatewayClassName: 'istio', listeners: list });
const entry = (more: JsonObject): Json => ({ hosts: ['a.com'], ports: [{ number: 80, name: 'http', protocol: 'HTTP' }], ...more });

/** One sound and one unsound object for each family of rules; the answer is a part of what the API server says. */
const families: [family: string, apiVersion: string, kind: string, sound: Json, unsound: Json, answer: string][] = [
  ['durations', NET, 'VirtualService', { hosts: ['a'], http: [{ timeout: '5s' }] }, { hosts: ['a'], http: [{ timeout: '0s' }] }, 'spec.http[0].timeout: Invalid value: "0s": must be a valid duration greater than 1ms'],
  ['choices of one field (oneOf)', NET, 'VirtualService', { hosts: ['a'], http: [{ match: [{ uri: { exact: '/' } }] }] }, { hosts: ['a'], http: [{ match: [{ uri: { exact: '/', regex: '.' } }] }] }, 'must validate one and only one schema (oneOf). Found 2 valid alternatives'],
  ['header operations', NET, 'VirtualService', { hosts: ['a'], http: [{ headers: { request: { set: { a: 'b' } } } }] }, { hosts: ['a'], http: [{ headers: { request: { set: { a: 1 } } } }] }, 'spec.http[0].headers.request.set.a: Invalid value: "integer"'],
  ['enums', SEC, 'PeerAuthentication', { mtls: { mode: 'STRICT' } }, { mtls: { mode: 'strict' } }, 'spec.mtls.mode: Unsupported value: "strict": supported values: "UNSET", "DISABLE", "PERMISSIVE", "STRICT"'],
  ['keys of a map', SEC, 'PeerAuthentication', { selector: { matchLabels: { a: 'b' } }, portLevelMtls: { '80': {} } }, { selector: { matchLabels: { a: 'b' } }, portLevelMtls: { '70000': {} } }, 'spec.portLevelMtls: Invalid value: port must be between 1-65535'],
  ['one field that needs another', SEC, 'PeerAuthentication', { selector: { matchLabels: { a: 'b' } }, portLevelMtls: { '80': {} } }, { portLevelMtls: { '80': {} } }, 'spec: Invalid value: portLevelMtls requires selector'],
  ['label values', SEC, 'AuthorizationPolicy', { selector: { matchLabels: { app: 'x' } } }, { selector: { matchLabels: { app: '*' } } }, 'spec.selector.matchLabels[app]: Invalid value: "*": wildcard not allowed in label value match'],
  ['at most one of several', SEC, 'AuthorizationPolicy', { targetRefs: [{ kind: 'Service', name: 'a' }] }, { targetRefs: [{ kind: 'Service', name: 'a' }], selector: { matchLabels: { a: 'b' } } }, 'spec: Invalid value: only one of targetRefs or selector can be set'],
  ['URLs', SEC, 'RequestAuthentication', { jwtRules: [{ issuer: 'a', jwksUri: 'https://a.com/keys' }] }, { jwtRules: [{ issuer: 'a', jwksUri: 'ftp://a.com' }] }, 'spec.jwtRules[0].jwksUri: Invalid value: "ftp://a.com": url must have scheme http:// or https://'],
  ['URLs without a scheme', 'extensions.istio.io/v1alpha1', 'WasmPlugin', { url: 'docker.io/a/b:1' }, { url: 'tftp://a/b' }, 'spec.url: Invalid value: "tftp://a/b": url must have schema one of [http, https, file, oci]'],
  ['unique items', NET, 'ServiceEntry', entry({}), entry({ ports: [{ number: 80, name: 'a' }, { number: 80, name: 'b' }] }), 'spec.ports: Invalid value: port number cannot be duplicated'],
  ['addresses and resolution', NET, 'ServiceEntry', entry({ addresses: ['10.0.0.0/8'], resolution: 'NONE' }), entry({ addresses: ['10.0.0.0/8'], resolution: 'DNS' }), 'CIDR addresses are allowed only for NONE/STATIC resolution types'],
  ['addresses that are sockets', NET, 'ServiceEntry', entry({ resolution: 'STATIC', endpoints: [{ address: 'unix:///a' }] }), entry({ resolution: 'STATIC', endpoints: [{ address: 'unix://a' }] }), 'UDS must be an absolute path or abstract socket'],
  ['bounds', NET, 'ServiceEntry', entry({}), entry({ ports: [{ number: 0, name: 'a' }] }), 'port must be between 1-65535'],
  ['contexts of filters', 'networking.istio.io/v1alpha3', 'EnvoyFilter', { configPatches: [{ applyTo: 'LISTENER', match: { context: 'GATEWAY' } }] }, { configPatches: [{ applyTo: 'LISTENER', match: { context: 'GATEWAY', waypoint: {} } }] }, 'only support waypointMatch when context is WAYPOINT'],
  ['telemetry tags', 'telemetry.istio.io/v1', 'Telemetry', { metrics: [{ overrides: [{ tagOverrides: { a: { operation: 'REMOVE' } } }] }] }, { metrics: [{ overrides: [{ tagOverrides: { a: { operation: 'REMOVE', value: 'x' } } }] }] }, 'value must not be set when operation is REMOVE'],
  ['paths', GW, 'HTTPRoute', path('/a'), path('/a//b'), "must not contain '//' when type one of ['Exact', 'PathPrefix']"],
  ['characters of paths', GW, 'HTTPRoute', path('/a%20b'), path('/a b'), 'must only contain valid characters'],
  ['filters that say what they are', GW, 'HTTPRoute', rule([{ type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }]), rule([{ type: 'RequestRedirect' }]), 'filter.requestRedirect must be specified for RequestRedirect filter.type'],
  ['filters that may stand once', GW, 'HTTPRoute', rule([{ type: 'RequestHeaderModifier', requestHeaderModifier: {} }]), rule([{ type: 'RequestHeaderModifier', requestHeaderModifier: {} }, { type: 'RequestHeaderModifier', requestHeaderModifier: {} }]), 'RequestHeaderModifier filter cannot be repeated'],
  ['selections by index', GW, 'HTTPRoute', rule([{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } }], [{ path: { type: 'PathPrefix', value: '/a' } }]), rule([{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } }], [{ path: { type: 'Exact', value: '/a' } }]), 'When using URLRewrite filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified'],
  ['ports of services', GW, 'HTTPRoute', { rules: [{ backendRefs: [{ name: 'a', port: 80 }] }] }, { rules: [{ backendRefs: [{ name: 'a' }] }] }, 'spec.rules[0].backendRefs[0]: Invalid value: Must have port for Service reference'],
  ['timeouts compared', GW, 'HTTPRoute', { rules: [{ timeouts: { request: '10s', backendRequest: '5s' } }] }, { rules: [{ timeouts: { request: '1s', backendRequest: '5s' } }] }, 'backendRequest timeout cannot be longer than request timeout'],
  ['flags inside patterns', GW, 'GRPCRoute', { rules: [{ matches: [{ method: { service: 'Foo.Bar', method: 'Do' } }] }] }, { rules: [{ matches: [{ method: { service: 'Foo Bar' } }] }] }, 'service must only contain valid characters'],
  ['listeners that differ', GW, 'Gateway', listeners({ name: 'a', port: 80, protocol: 'HTTP' }, { name: 'b', port: 81, protocol: 'HTTP' }), listeners({ name: 'a', port: 80, protocol: 'HTTP' }, { name: 'b', port: 80, protocol: 'HTTP' }), 'Combination of port, protocol and hostname must be unique for each listener'],
  ['keys of list maps', GW, 'Gateway', listeners({ name: 'a', port: 80, protocol: 'HTTP' }), listeners({ name: 'a', port: 80, protocol: 'HTTP' }, { name: 'a', port: 81, protocol: 'HTTP' }), 'spec.listeners[1]: Duplicate value: {"name":"a"}'],
  ['certificates', GW, 'Gateway', listeners({ name: 'a', port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'c' }] } }), listeners({ name: 'a', port: 443, protocol: 'HTTPS', tls: {} }), 'certificateRefs or options must be specified when mode is Terminate'],
  ['names', GW, 'Gateway', listeners({ name: 'a', port: 80, protocol: 'HTTP', hostname: '*.a.com' }), listeners({ name: 'a', port: 80, protocol: 'HTTP', hostname: 'A.com' }), "spec.listeners[0].hostname in body should match '"],
  ['names of the operator’s singletons', 'sailoperator.io/v1', 'IstioRevision', { version: 'v1.30.3', namespace: 'b', values: { global: { istioNamespace: 'b' }, revision: 'a' } }, { version: 'v1.30.3', namespace: 'b', values: { global: { istioNamespace: 'c' }, revision: 'a' } }, 'spec: Invalid value: '],
];

describe('every family of rules in the schemas', () => {
  it.each(families)('%s: the sound pass', (_family, apiVersion, kind, sound) => {
    expect(answers(apiVersion, kind, sound)).toEqual([]);
  });

  it.each(families)('%s: the unsound are refused', (_family, apiVersion, kind, _sound, unsound, answer) => {
    expect(answers(apiVersion, kind, unsound).join('\n')).toContain(answer);
  });

  it('fields that may not change are compared with what they were', () => {
    const spec = (namespace: string): Json => ({ version: 'v1.30.3', namespace });
    expect(answers('sailoperator.io/v1', 'Istio', spec('a'), spec('b'))).toEqual(['spec.namespace: Invalid value: "a": Value is immutable']);
    expect(answers('sailoperator.io/v1', 'Istio', spec('a'), spec('a'))).toEqual([]);
  });
});
