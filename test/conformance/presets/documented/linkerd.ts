import type { DocumentedPattern } from '../compare-with-pattern.ts';
import { linkerd } from './addresses.ts';

const ROUTES = 'HTTPRoute.policy.linkerd.io';
const AUTHORIZATION = 'AuthorizationPolicy.policy.linkerd.io';

const ofService = (name: string, port: number): Record<string, unknown> => ({ 'spec.parentRefs.0.name': name, 'spec.parentRefs.0.kind': 'Service', 'spec.parentRefs.0.group': 'core', 'spec.parentRefs.0.port': port });
const ofServer = (name: string): Record<string, unknown> => ({ 'spec.parentRefs.0.name': name, 'spec.parentRefs.0.kind': 'Server', 'spec.parentRefs.0.group': 'policy.linkerd.io' });
const requires = (route: string, kind: string, name: string): Record<string, unknown> => ({
  'spec.targetRef.group': 'policy.linkerd.io',
  'spec.targetRef.kind': 'HTTPRoute',
  'spec.targetRef.name': route,
  'spec.requiredAuthenticationRefs.0.name': name,
  'spec.requiredAuthenticationRefs.0.kind': kind,
  'spec.requiredAuthenticationRefs.0.group': 'policy.linkerd.io',
});

const OWN_KIND = 'Linkerd’s own HTTPRoute, which is there wherever Linkerd is; that of the Gateway API, which the page takes, is not. Linkerd reads both alike.';
const EXACT = 'Exact is the default. Said, because the preset knows regular expressions too.';
const BACKEND_NAMED = 'The Service itself, which a rule without backends means too; said, so that the route tells where requests go.';
const NAMED_AFTER = 'The page names each object freely. The preset names all of them after the Server.';

export const linkerdPatterns: readonly DocumentedPattern[] = [
  {
    preset: 'linkerd-default-deny',
    page: linkerd('reference/authorization-policy'),
    parameters: { scope: { of: 'NAMESPACE', namespace: 'booksapp' } },
    objects: [{ kind: 'Namespace', 'metadata.annotations[config.linkerd.io/default-inbound-policy]': 'deny' }],
  },
  {
    preset: 'linkerd-default-deny',
    page: linkerd('reference/authorization-policy'),
    parameters: { scope: { of: 'PORT', namespace: 'emojivoto', name: 'emoji-grpc', labels: { app: 'emoji-svc' }, port: 'grpc', protocol: 'gRPC' } },
    objects: [{ kind: 'Server.policy.linkerd.io', 'metadata.name': 'emoji-grpc', 'metadata.namespace': 'emojivoto', 'spec.podSelector.matchLabels.app': 'emoji-svc', 'spec.port': 'grpc', 'spec.proxyProtocol': 'gRPC' }],
    differences: { 'Server spec.accessPolicy': 'deny is the default; said, because the preset also knows audit, which is one word away.' },
  },
  {
    preset: 'linkerd-allow-list',
    page: linkerd('tasks/configuring-per-route-policy'),
    parameters: {
      namespace: 'booksapp',
      name: 'authors-server',
      labels: { app: 'authors', project: 'booksapp' },
      port: 'service',
      serviceAccounts: [{ name: 'books' }, { name: 'webapp' }],
      routes: [{ path: '/authors.json', methods: ['GET'] }, { path: '/authors/', methods: ['GET'] }],
      probePaths: ['/ping'],
    },
    objects: [
      { kind: 'Server.policy.linkerd.io', 'metadata.name': 'authors-server', 'spec.podSelector.matchLabels.app': 'authors', 'spec.podSelector.matchLabels.project': 'booksapp', 'spec.port': 'service' },
      { kind: ROUTES, ...ofServer('authors-server'), 'spec.rules.0.matches.0.path.value': '/authors.json', 'spec.rules.0.matches.0.method': 'GET', 'spec.rules.0.matches.1.path.value': '/authors/', 'spec.rules.0.matches.1.path.type': 'PathPrefix', 'spec.rules.0.matches.1.method': 'GET' },
      { kind: AUTHORIZATION, ...requires('authors-get-route', 'MeshTLSAuthentication', 'authors-get-authn') },
      { kind: 'MeshTLSAuthentication.policy.linkerd.io', 'spec.identities': ['books.booksapp.serviceaccount.identity.linkerd.cluster.local', 'webapp.booksapp.serviceaccount.identity.linkerd.cluster.local'] },
      { kind: ROUTES, ...ofServer('authors-server'), 'spec.rules.0.matches.0.path.value': '/ping', 'spec.rules.0.matches.0.method': 'GET' },
      { kind: 'NetworkAuthentication.policy.linkerd.io', 'spec.networks.0.cidr': '0.0.0.0/0', 'spec.networks.1.cidr': '::/0' },
      { kind: AUTHORIZATION, ...requires('authors-probe-route', 'NetworkAuthentication', 'authors-probe-authn') },
    ],
    differences: {
      'Server spec.proxyProtocol': 'unknown is the default; said, because the protocol is a parameter.',
      'HTTPRoute spec.rules.0.matches.0.path.type': 'PathPrefix is the default; said, because probes have exact paths.',
      'HTTPRoute#2 spec.rules.0.matches.0.path.type': 'A probe asks for one path: what lies below it stays closed.',
      'MeshTLSAuthentication spec.identities': 'The reference gives service accounts as another way to say the same. They hold in a mesh of any trust domain.',
      'MeshTLSAuthentication spec.identityRefs': 'The reference gives service accounts as another way to say the same. They hold in a mesh of any trust domain.',
      'AuthorizationPolicy spec.targetRef.name': NAMED_AFTER,
      'AuthorizationPolicy spec.requiredAuthenticationRefs.0.name': NAMED_AFTER,
      'AuthorizationPolicy#2 spec.targetRef.name': NAMED_AFTER,
      'AuthorizationPolicy#2 spec.requiredAuthenticationRefs.0.name': NAMED_AFTER,
    },
  },
  {
    preset: 'linkerd-canary',
    page: linkerd('tasks/traffic-shifting'),
    parameters: { namespace: 'traffic-shift-demo', name: 'bb-route', service: 'bb', port: 8080, backends: [{ service: 'bb', port: 8080, weight: 90 }, { service: 'bb-v2', port: 8080, weight: 10 }] },
    objects: [
      {
        kind: ROUTES,
        'metadata.name': 'bb-route',
        'metadata.namespace': 'traffic-shift-demo',
        ...ofService('bb', 8080),
        'spec.rules.0.backendRefs.0.name': 'bb',
        'spec.rules.0.backendRefs.0.port': 8080,
        'spec.rules.0.backendRefs.0.weight': 90,
        'spec.rules.0.backendRefs.1.name': 'bb-v2',
        'spec.rules.0.backendRefs.1.port': 8080,
        'spec.rules.0.backendRefs.1.weight': 10,
      },
    ],
  },
  {
    preset: 'linkerd-blue-green',
    page: linkerd('tasks/traffic-shifting'),
    parameters: { namespace: 'traffic-shift-demo', name: 'bb-route', service: 'bb', port: 8080, blue: { service: 'bb', port: 8080 }, green: { service: 'bb-v2', port: 8080 }, active: 'GREEN' },
    // The last step of the page: all requests to the other Service.
    objects: [{ kind: ROUTES, 'metadata.name': 'bb-route', 'metadata.namespace': 'traffic-shift-demo', ...ofService('bb', 8080), 'spec.rules.0.backendRefs.0.name': 'bb-v2', 'spec.rules.0.backendRefs.0.port': 8080, 'spec.rules.0.backendRefs.0.weight': 100 }],
    differences: {
      'HTTPRoute spec.rules.0.backendRefs.0.weight': 'Weights are shares: beside a weight of 0, any other is everything.',
      'HTTPRoute spec.rules.0.backendRefs.1': 'The idle colour stays, with the weight 0: proxies know its endpoints before requests come back to it.',
    },
  },
  {
    preset: 'linkerd-cohorts',
    page: linkerd('tasks/configuring-dynamic-request-routing'),
    parameters: { namespace: 'test', name: 'backend-router', service: 'backend-a-podinfo', port: 9898, control: { service: 'backend-a-podinfo', port: 9898 }, variants: [{ service: 'backend-b-podinfo', port: 9898, cohorts: [{ header: 'x-request-id', value: 'alternative' }] }] },
    objects: [
      {
        kind: ROUTES,
        'metadata.name': 'backend-router',
        'metadata.namespace': 'test',
        ...ofService('backend-a-podinfo', 9898),
        'spec.rules.0.matches.0.headers.0.name': 'x-request-id',
        'spec.rules.0.matches.0.headers.0.value': 'alternative',
        'spec.rules.0.backendRefs.0.name': 'backend-b-podinfo',
        'spec.rules.0.backendRefs.0.port': 9898,
        'spec.rules.1.backendRefs.0.name': 'backend-a-podinfo',
        'spec.rules.1.backendRefs.0.port': 9898,
      },
    ],
    differences: { 'HTTPRoute spec.rules.0.matches.0.headers.0.type': EXACT },
  },
  {
    preset: 'linkerd-timeouts',
    page: linkerd('reference/timeouts'),
    parameters: { namespace: 'schlep', name: 'schlep-default', service: 'schlep', port: 80, request: '2s', response: '1s' },
    objects: [
      {
        kind: 'HTTPRoute.gateway.networking.k8s.io',
        'metadata.name': 'schlep-default',
        'metadata.annotations[timeout.linkerd.io/request]': '2s',
        'metadata.annotations[timeout.linkerd.io/response]': '1s',
        ...ofService('schlep', 80),
        'spec.rules.0.matches.0.path.type': 'PathPrefix',
        'spec.rules.0.matches.0.path.value': '/',
      },
    ],
    differences: {
      'HTTPRoute kind': OWN_KIND,
      'HTTPRoute metadata.annotations[timeout.linkerd.io/request]': 'The field of the route says the same, by the page’s own word, and is checked by the schema.',
      'HTTPRoute spec.rules.0.timeouts': 'The field of the route says the same, by the page’s own word, and is checked by the schema.',
      'HTTPRoute spec.rules.0.matches': 'The page’s match of every path is what a rule without matches means.',
      'HTTPRoute spec.rules.0.backendRefs': BACKEND_NAMED,
    },
  },
  {
    preset: 'linkerd-retries',
    page: linkerd('reference/retries'),
    parameters: { namespace: 'schlep', name: 'schlep-default', service: 'schlep', port: 80, on: ['5xx'], limit: 2, attemptTimeout: '300ms' },
    objects: [
      {
        kind: 'HTTPRoute.gateway.networking.k8s.io',
        'metadata.name': 'schlep-default',
        'metadata.annotations[retry.linkerd.io/http]': '5xx',
        'metadata.annotations[retry.linkerd.io/limit]': '2',
        'metadata.annotations[retry.linkerd.io/timeout]': '300ms',
        ...ofService('schlep', 80),
        'spec.rules.0.matches.0.path.type': 'PathPrefix',
        'spec.rules.0.matches.0.path.value': '/',
      },
    ],
    differences: {
      'HTTPRoute kind': OWN_KIND,
      'HTTPRoute spec.rules.0.matches': 'The page retries every request. A request that was carried out although its answer was an error is carried out twice then: the preset retries GET and HEAD unless told otherwise.',
      'HTTPRoute spec.rules.0.backendRefs': BACKEND_NAMED,
    },
  },
  {
    preset: 'linkerd-local-rate-limit',
    page: linkerd('reference/rate-limiting'),
    parameters: { namespace: 'emojivoto', server: 'web-http', total: 100, perCaller: 20, overrides: [{ requestsPerSecond: 25, serviceAccounts: [{ namespace: 'emojivoto', name: 'special-client' }] }] },
    objects: [
      {
        kind: 'HTTPLocalRateLimitPolicy.policy.linkerd.io',
        'metadata.namespace': 'emojivoto',
        'spec.targetRef.group': 'policy.linkerd.io',
        'spec.targetRef.kind': 'Server',
        'spec.targetRef.name': 'web-http',
        'spec.total.requestsPerSecond': 100,
        'spec.identity.requestsPerSecond': 20,
        'spec.overrides.0.requestsPerSecond': 25,
        'spec.overrides.0.clientRefs.0.kind': 'ServiceAccount',
        'spec.overrides.0.clientRefs.0.namespace': 'emojivoto',
        'spec.overrides.0.clientRefs.0.name': 'special-client',
      },
    ],
  },
  {
    preset: 'linkerd-circuit-breaking',
    page: linkerd('reference/circuit-breaking'),
    parameters: { namespace: 'default', service: 'web' },
    // The page gives the annotations and the default of each.
    objects: [
      {
        kind: 'Service',
        'metadata.annotations[balancer.linkerd.io/failure-accrual]': 'consecutive',
        'metadata.annotations[balancer.linkerd.io/failure-accrual-consecutive-max-failures]': '7',
        'metadata.annotations[balancer.linkerd.io/failure-accrual-consecutive-min-penalty]': '1s',
        'metadata.annotations[balancer.linkerd.io/failure-accrual-consecutive-max-penalty]': '1m',
        'metadata.annotations[balancer.linkerd.io/failure-accrual-consecutive-jitter-ratio]': '0.5',
      },
    ],
    differences: { 'Service metadata.annotations[balancer.linkerd.io/failure-accrual-consecutive-jitter-ratio]': 'The same number, with two places in every case.' },
  },
  {
    preset: 'linkerd-egress',
    page: linkerd('reference/egress-network'),
    parameters: { namespace: 'linkerd-egress', name: 'all-egress-traffic', allow: [{ name: 'tls-egress', hosts: ['httpbin.org'], port: 443 }] },
    objects: [
      { kind: 'EgressNetwork.policy.linkerd.io', 'metadata.name': 'all-egress-traffic', 'metadata.namespace': 'linkerd-egress', 'spec.trafficPolicy': 'Deny' },
      {
        kind: 'TLSRoute.gateway.networking.k8s.io',
        'metadata.namespace': 'linkerd-egress',
        'spec.hostnames': ['httpbin.org'],
        'spec.parentRefs.0.name': 'all-egress-traffic',
        'spec.parentRefs.0.kind': 'EgressNetwork',
        'spec.parentRefs.0.group': 'policy.linkerd.io',
        'spec.parentRefs.0.namespace': 'linkerd-egress',
        'spec.parentRefs.0.port': 443,
        'spec.rules.0.backendRefs.0.kind': 'EgressNetwork',
        'spec.rules.0.backendRefs.0.group': 'policy.linkerd.io',
        'spec.rules.0.backendRefs.0.name': 'all-egress-traffic',
      },
    ],
    differences: { 'TLSRoute spec.parentRefs.0.namespace': 'The namespace of the route itself, which is the default.' },
  },
  {
    preset: 'linkerd-injection',
    page: linkerd('features/proxy-injection'),
    parameters: { target: { of: 'NAMESPACE', namespace: 'emojivoto' } },
    objects: [{ kind: 'Namespace', 'metadata.annotations[linkerd.io/inject]': 'enabled' }],
  },
  {
    preset: 'linkerd-injection',
    page: linkerd('features/proxy-injection'),
    parameters: { target: { of: 'WORKLOADS', namespace: 'emojivoto', workloads: [{ name: 'web' }] }, mode: 'NONE' },
    objects: [{ kind: 'Deployment.apps', 'spec.template.metadata.annotations[linkerd.io/inject]': 'disabled' }],
  },
  {
    preset: 'linkerd-proxy-resources',
    page: linkerd('tasks/configuring-proxy-concurrency'),
    parameters: { target: { of: 'WORKLOADS', namespace: 'default', workloads: [{ name: 'my-deployment' }] }, cpuLimit: '1' },
    objects: [{ kind: 'Deployment.apps', 'metadata.name': 'my-deployment', 'spec.template.metadata.annotations[config.linkerd.io/proxy-cpu-limit]': '1' }],
  },
  {
    preset: 'linkerd-access-logs',
    page: linkerd('features/access-logging'),
    parameters: { target: { of: 'NAMESPACE', namespace: 'booksapp' }, format: 'APACHE' },
    objects: [{ kind: 'Namespace', 'metadata.annotations[config.linkerd.io/access-log]': 'apache' }],
  },
];
