import type { DocumentedPattern } from '../compare-with-pattern.ts';
import { istio } from './addresses.ts';

const PEERS = 'PeerAuthentication.security.istio.io';
const AUTHORIZATION = 'AuthorizationPolicy.security.istio.io';
const httpbin = (namespace: string): { scope: 'WORKLOADS'; namespace: string; labels: Record<string, string> } => ({ scope: 'WORKLOADS', namespace, labels: { app: 'httpbin' } });

const PORTS_OF_A_DENIAL = 'On a TCP port the attributes of requests are ignored, and the rule of this page would deny every connection. The reference recommends to name a port beside them; the preset demands it.';

export const securityPatterns: readonly DocumentedPattern[] = [
  {
    preset: 'strict-mutual-tls',
    page: istio('tasks/security/authentication/authn-policy'),
    parameters: { target: { scope: 'MESH' } },
    objects: [{ kind: PEERS, 'metadata.name': 'default', 'metadata.namespace': 'istio-system', 'spec.mtls.mode': 'STRICT' }],
  },
  {
    preset: 'strict-mutual-tls',
    page: istio('tasks/security/authentication/authn-policy'),
    parameters: { target: httpbin('bar'), name: 'httpbin' },
    objects: [{ kind: PEERS, 'metadata.name': 'httpbin', 'metadata.namespace': 'bar', 'spec.selector.matchLabels.app': 'httpbin', 'spec.mtls.mode': 'STRICT' }],
  },
  {
    preset: 'permissive-mutual-tls',
    page: istio('reference/config/security/peer_authentication'),
    parameters: { target: { scope: 'NAMESPACES', namespaces: ['foo'] } },
    objects: [{ kind: PEERS, 'metadata.name': 'default', 'metadata.namespace': 'foo', 'spec.mtls.mode': 'PERMISSIVE' }],
  },
  {
    preset: 'per-port-mutual-tls',
    page: istio('reference/config/security/peer_authentication'),
    parameters: { target: { scope: 'WORKLOADS', namespace: 'foo', labels: { app: 'finance' } }, name: 'default', ports: [{ port: 8080, mode: 'DISABLE' }] },
    objects: [{ kind: PEERS, 'metadata.name': 'default', 'metadata.namespace': 'foo', 'spec.selector.matchLabels.app': 'finance', 'spec.mtls.mode': 'STRICT', 'spec.portLevelMtls.8080.mode': 'DISABLE' }],
  },
  {
    preset: 'mutual-tls-migration',
    page: istio('tasks/security/authentication/mtls-migration'),
    parameters: { target: { scope: 'NAMESPACES', namespaces: ['foo'] }, stage: 'STRICT' },
    objects: [{ kind: PEERS, 'metadata.name': 'default', 'metadata.namespace': 'foo', 'spec.mtls.mode': 'STRICT' }],
    differences: { DestinationRule: 'The rule for clients of the stage CLIENTS, which shows servers that are not ready before the door is closed. It stays at STRICT, so that each stage changes one thing; the page goes from permissive to strict in one step.' },
  },
  {
    preset: 'default-deny',
    page: istio('tasks/security/authorization/authz-http'),
    parameters: { target: { scope: 'NAMESPACES', namespaces: ['default'] }, name: 'allow-nothing' },
    objects: [{ kind: AUTHORIZATION, 'metadata.name': 'allow-nothing', 'metadata.namespace': 'default' }],
    differences: { 'AuthorizationPolicy spec.action': 'The page leaves the spec empty, and the default action is ALLOW. The preset says so: an empty spec reads like an oversight, and the reference calls it useful to be explicit.' },
  },
  {
    preset: 'allow-list',
    page: istio('tasks/security/authorization/authz-http'),
    parameters: { name: 'details-viewer', target: { scope: 'WORKLOADS', namespace: 'default', labels: { app: 'details' } }, rules: [{ from: [{ serviceAccounts: ['default/bookinfo-productpage'] }], to: [{ methods: ['GET'] }] }] },
    objects: [
      {
        kind: AUTHORIZATION,
        'metadata.name': 'details-viewer',
        'metadata.namespace': 'default',
        'spec.selector.matchLabels.app': 'details',
        'spec.action': 'ALLOW',
        'spec.rules.0.from.0.source.principals': ['cluster.local/ns/default/sa/bookinfo-productpage'],
        'spec.rules.0.to.0.operation.methods': ['GET'],
      },
    ],
  },
  {
    preset: 'allow-list',
    page: istio('ambient/getting-started/enforce-auth-policies'),
    parameters: { name: 'productpage-viewer', target: { scope: 'SERVICES', namespace: 'default', services: ['productpage'] }, dataplane: 'AMBIENT', rules: [{ from: [{ serviceAccounts: ['default/curl'] }], to: [{ methods: ['GET'] }] }] },
    objects: [
      {
        kind: AUTHORIZATION,
        'metadata.name': 'productpage-viewer',
        'metadata.namespace': 'default',
        'spec.targetRefs.0.group': '',
        'spec.targetRefs.0.kind': 'Service',
        'spec.targetRefs.0.name': 'productpage',
        'spec.action': 'ALLOW',
        'spec.rules.0.from.0.source.principals': ['cluster.local/ns/default/sa/curl'],
        'spec.rules.0.to.0.operation.methods': ['GET'],
      },
    ],
  },
  {
    preset: 'deny-list',
    page: istio('tasks/security/authorization/authz-deny'),
    parameters: { name: 'deny-method-get', target: httpbin('foo'), rules: [{ to: [{ methods: ['GET'], ports: [8000] }], when: [{ key: 'request.headers[x-token]', exceptValues: ['admin'] }] }] },
    objects: [
      {
        kind: AUTHORIZATION,
        'metadata.name': 'deny-method-get',
        'metadata.namespace': 'foo',
        'spec.selector.matchLabels.app': 'httpbin',
        'spec.action': 'DENY',
        'spec.rules.0.to.0.operation.methods': ['GET'],
        'spec.rules.0.when.0.key': 'request.headers[x-token]',
        'spec.rules.0.when.0.notValues': ['admin'],
      },
    ],
    differences: { 'AuthorizationPolicy spec.rules.0.to.0.operation.ports': PORTS_OF_A_DENIAL },
  },
  {
    preset: 'deny-list',
    page: istio('tasks/security/authorization/authz-ingress'),
    parameters: { name: 'ingress-policy', target: { scope: 'WORKLOADS', namespace: 'istio-system', labels: { app: 'istio-ingressgateway' } }, rules: [{ from: [{ remoteIpBlocks: ['203.0.113.7'] }] }] },
    // The page fills in the address of the caller.
    objects: [
      {
        kind: AUTHORIZATION,
        'metadata.name': 'ingress-policy',
        'metadata.namespace': 'istio-system',
        'spec.selector.matchLabels.app': 'istio-ingressgateway',
        'spec.action': 'DENY',
        'spec.rules.0.from.0.source.remoteIpBlocks': ['203.0.113.7'],
      },
    ],
  },
  {
    preset: 'jwt-authentication',
    page: istio('tasks/security/authentication/authn-policy'),
    parameters: {
      name: 'jwt-example',
      target: { scope: 'WORKLOADS', namespace: 'istio-system', labels: { istio: 'ingressgateway' } },
      issuers: [{ issuer: 'testing@secure.istio.io', jwksUri: 'https://raw.githubusercontent.com/istio/istio/master/security/tools/jwt/samples/jwks.json' }],
      requireToken: { ports: [8080] },
    },
    objects: [
      {
        kind: 'RequestAuthentication.security.istio.io',
        'metadata.name': 'jwt-example',
        'metadata.namespace': 'istio-system',
        'spec.selector.matchLabels.istio': 'ingressgateway',
        'spec.jwtRules.0.issuer': 'testing@secure.istio.io',
        'spec.jwtRules.0.jwksUri': 'https://raw.githubusercontent.com/istio/istio/master/security/tools/jwt/samples/jwks.json',
      },
      {
        kind: AUTHORIZATION,
        'metadata.namespace': 'istio-system',
        'spec.selector.matchLabels.istio': 'ingressgateway',
        'spec.action': 'DENY',
        'spec.rules.0.from.0.source.notRequestPrincipals': ['*'],
      },
    ],
    differences: { 'AuthorizationPolicy spec.rules.0.to': PORTS_OF_A_DENIAL },
  },
  {
    preset: 'claim-based-access',
    page: istio('tasks/security/authorization/authz-jwt'),
    parameters: { name: 'require-jwt', target: httpbin('foo'), rules: [{ issuers: ['testing@secure.istio.io'], claims: [{ claim: ['groups'], values: ['group1'] }] }] },
    objects: [
      {
        kind: AUTHORIZATION,
        'metadata.name': 'require-jwt',
        'metadata.namespace': 'foo',
        'spec.selector.matchLabels.app': 'httpbin',
        'spec.action': 'ALLOW',
        'spec.rules.0.from.0.source.requestPrincipals': ['testing@secure.istio.io/testing@secure.istio.io'],
        'spec.rules.0.when.0.key': 'request.auth.claims[groups]',
        'spec.rules.0.when.0.values': ['group1'],
      },
    ],
    differences: { 'AuthorizationPolicy spec.rules.0.from.0.source.requestPrincipals': 'The page lets in a single subject of the issuer. Claims are about roles, so the preset takes any subject of it.' },
  },
  {
    preset: 'dry-run-authorization',
    page: istio('tasks/security/authorization/authz-dry-run'),
    parameters: { name: 'deny-path-headers', action: 'DENY', target: httpbin('foo'), rules: [{ to: [{ paths: ['/headers'], ports: [8000] }] }] },
    objects: [
      {
        kind: AUTHORIZATION,
        'metadata.name': 'deny-path-headers',
        'metadata.namespace': 'foo',
        'metadata.annotations[istio.io/dry-run]': 'true',
        'spec.selector.matchLabels.app': 'httpbin',
        'spec.action': 'DENY',
        'spec.rules.0.to.0.operation.paths': ['/headers'],
      },
    ],
    differences: { 'AuthorizationPolicy spec.rules.0.to.0.operation.ports': PORTS_OF_A_DENIAL },
  },
  {
    preset: 'audit-only-authorization',
    page: istio('reference/config/security/authorization-policy'),
    parameters: { name: 'anyname', target: { scope: 'WORKLOADS', namespace: 'ns1', labels: { app: 'myapi' } }, rules: [{ to: [{ methods: ['GET'], paths: ['/user/profile/*'] }] }] },
    objects: [
      {
        kind: AUTHORIZATION,
        'metadata.name': 'anyname',
        'metadata.namespace': 'ns1',
        'spec.selector.matchLabels.app': 'myapi',
        'spec.action': 'AUDIT',
        'spec.rules.0.to.0.operation.methods': ['GET'],
        'spec.rules.0.to.0.operation.paths': ['/user/profile/*'],
      },
    ],
  },
  {
    preset: 'waypoint-only',
    page: istio('ambient/usage/l4-policy'),
    parameters: { target: httpbin('ambient-demo'), waypoints: [{ namespace: 'ambient-demo', name: 'sleep' }] },
    // The page gives the policy for a client, and says that the same lets the waypoint alone in when it names the waypoint's identity.
    objects: [{ kind: AUTHORIZATION, 'spec.selector.matchLabels.app': 'httpbin', 'spec.action': 'ALLOW', 'spec.rules.0.from.0.source.principals': ['cluster.local/ns/ambient-demo/sa/sleep'] }],
  },
  {
    preset: 'egress-lockdown',
    page: istio('tasks/traffic-management/egress/egress-control'),
    parameters: { target: { scope: 'MESH' }, exceptions: [{ name: 'google', hosts: ['www.google.com'] }, { name: 'httpbin-ext', hosts: ['httpbin.org'], ports: [{ number: 80, protocol: 'HTTP' }] }] },
    objects: [
      { kind: 'ServiceEntry.networking.istio.io', 'metadata.name': 'google', 'spec.hosts': ['www.google.com'], 'spec.ports.0.number': 443, 'spec.ports.0.name': 'https', 'spec.ports.0.protocol': 'HTTPS', 'spec.resolution': 'DNS', 'spec.location': 'MESH_EXTERNAL' },
      { kind: 'ServiceEntry.networking.istio.io', 'metadata.name': 'httpbin-ext', 'spec.hosts': ['httpbin.org'], 'spec.ports.0.number': 80, 'spec.ports.0.name': 'http', 'spec.ports.0.protocol': 'HTTP', 'spec.resolution': 'DNS', 'spec.location': 'MESH_EXTERNAL' },
    ],
    differences: {
      Sidecar: 'The page sets REGISTRY_ONLY in the mesh configuration, which is part of the installation. A policy must be able to go out in waves and come back: the Sidecar of the root namespace says the same for the whole mesh.',
      'ServiceEntry spec.exportTo': 'What is allowed for a namespace is not to be open to its neighbours. For the whole mesh it is said too, lest the mesh’s default be narrower.',
      'ServiceEntry#2 spec.exportTo': 'What is allowed for a namespace is not to be open to its neighbours. For the whole mesh it is said too, lest the mesh’s default be narrower.',
      'ServiceEntry spec.ports.0.name': 'A ServiceEntry may have two ports of one protocol, whose names must differ: the number is part of the name.',
      'ServiceEntry#2 spec.ports.0.name': 'A ServiceEntry may have two ports of one protocol, whose names must differ: the number is part of the name.',
    },
  },
];
