import type { DocumentedPattern } from '../compare-with-pattern.ts';
import { gatewayApi, istio } from './addresses.ts';

const ROUTES = 'HTTPRoute.gateway.networking.k8s.io';
const GATEWAYS = 'Gateway.gateway.networking.k8s.io';

const DEFAULT_GROUP = 'The group of the default, said because that of a Service, beside it, is another.';
const parent = (name: string): Record<string, string> => ({ kind: 'GATEWAY', name });
const ofGateway = (name: string): Record<string, string> => ({ 'spec.parentRefs.0.group': 'gateway.networking.k8s.io', 'spec.parentRefs.0.kind': 'Gateway', 'spec.parentRefs.0.name': name });
const ofService = (name: string, port: number): Record<string, unknown> => ({ 'spec.parentRefs.0.group': '', 'spec.parentRefs.0.kind': 'Service', 'spec.parentRefs.0.name': name, 'spec.parentRefs.0.port': port });
const backend = (rule: number, at: number, name: string, port: number, weight?: number): Record<string, unknown> => ({
  [`spec.rules.${String(rule)}.backendRefs.${String(at)}.name`]: name,
  [`spec.rules.${String(rule)}.backendRefs.${String(at)}.port`]: port,
  ...(weight === undefined ? {} : { [`spec.rules.${String(rule)}.backendRefs.${String(at)}.weight`]: weight }),
});

const EXACT = 'Exact is the default. Said, because the preset knows regular expressions too.';

export const gatewayApiPatterns: readonly DocumentedPattern[] = [
  {
    preset: 'gateway-api-canary',
    page: istio('ambient/usage/waypoint'),
    parameters: { namespace: 'default', name: 'reviews', parent: { kind: 'SERVICE', name: 'reviews', port: 9080 }, backends: [{ service: 'reviews-v1', port: 9080, weight: 90 }, { service: 'reviews-v2', port: 9080, weight: 10 }] },
    objects: [{ kind: ROUTES, 'metadata.name': 'reviews', ...ofService('reviews', 9080), ...backend(0, 0, 'reviews-v1', 9080, 90), ...backend(0, 1, 'reviews-v2', 9080, 10) }],
  },
  {
    preset: 'gateway-api-canary',
    page: gatewayApi('guides/user-guides/traffic-splitting'),
    parameters: { namespace: 'default', name: 'foo-route', parent: { ...parent('prod-web-gw'), hosts: ['foo.example.com'] }, backends: [{ service: 'foo-v1', port: 8080, weight: 90 }, { service: 'foo-v2', port: 8080, weight: 10 }] },
    objects: [{ kind: ROUTES, 'metadata.name': 'foo-route', 'metadata.labels.gateway': 'prod-web-gw', 'spec.hostnames': ['foo.example.com'], ...backend(0, 0, 'foo-v1', 8080, 90), ...backend(0, 1, 'foo-v2', 8080, 10) }],
    differences: {
      'HTTPRoute metadata.labels': 'A label of the guide’s own, which no implementation reads.',
      'HTTPRoute spec.parentRefs': 'The guide leaves the parent out to keep to the weights. A route without a parent does nothing.',
    },
  },
  {
    preset: 'gateway-api-blue-green',
    page: gatewayApi('guides/user-guides/traffic-splitting'),
    parameters: { namespace: 'default', name: 'foo-route', parent: { ...parent('prod-web-gw'), hosts: ['foo.example.com'] }, blue: { service: 'foo-v1', port: 8080 }, green: { service: 'foo-v2', port: 8080 }, active: 'GREEN' },
    objects: [{ kind: ROUTES, 'metadata.name': 'foo-route', 'metadata.labels.gateway': 'prod-web-gw', 'spec.hostnames': ['foo.example.com'], ...backend(0, 0, 'foo-v1', 8080, 0), ...backend(0, 1, 'foo-v2', 8080, 1) }],
    differences: {
      'HTTPRoute metadata.labels': 'A label of the guide’s own, which no implementation reads.',
      'HTTPRoute spec.parentRefs': 'The guide leaves the parent out to keep to the weights. A route without a parent does nothing.',
      'HTTPRoute spec.rules.0.backendRefs': 'The same two backends with the same weights; the one that serves stands first.',
    },
  },
  {
    preset: 'gateway-api-cohorts',
    page: istio('tasks/traffic-management/request-routing'),
    parameters: { namespace: 'default', name: 'reviews', parent: { kind: 'SERVICE', name: 'reviews', port: 9080 }, control: { service: 'reviews-v1', port: 9080 }, variants: [{ service: 'reviews-v2', port: 9080, cohorts: [{ by: 'HEADER', name: 'end-user', value: 'jason' }] }] },
    objects: [
      {
        kind: ROUTES,
        'metadata.name': 'reviews',
        ...ofService('reviews', 9080),
        'spec.rules.0.matches.0.headers.0.name': 'end-user',
        'spec.rules.0.matches.0.headers.0.value': 'jason',
        ...backend(0, 0, 'reviews-v2', 9080),
        ...backend(1, 0, 'reviews-v1', 9080),
      },
    ],
    differences: { 'HTTPRoute spec.rules.0.matches.0.headers.0.type': EXACT },
  },
  {
    preset: 'gateway-api-mirroring',
    page: gatewayApi('guides/user-guides/http-request-mirroring'),
    parameters: { namespace: 'default', name: 'http-filter-mirror', parent: { ...parent('mirror-gateway'), hosts: ['mirror.example'] }, backend: { service: 'foo-v1', port: 8080 }, mirror: { service: 'foo-v2', port: 8080 } },
    objects: [
      {
        kind: ROUTES,
        'metadata.name': 'http-filter-mirror',
        'metadata.labels.gateway': 'mirror-gateway',
        'spec.parentRefs.0.name': 'mirror-gateway',
        'spec.hostnames': ['mirror.example'],
        ...backend(0, 0, 'foo-v1', 8080),
        'spec.rules.0.filters.0.type': 'RequestMirror',
        'spec.rules.0.filters.0.requestMirror.backendRef.name': 'foo-v2',
        'spec.rules.0.filters.0.requestMirror.backendRef.port': 8080,
      },
    ],
    differences: {
      'HTTPRoute metadata.labels': 'A label of the guide’s own, which no implementation reads.',
      'HTTPRoute spec.parentRefs.0.group': DEFAULT_GROUP,
      'HTTPRoute spec.parentRefs.0.kind': DEFAULT_GROUP,
    },
  },
  {
    preset: 'gateway-api-timeouts',
    page: gatewayApi('guides/user-guides/http-timeouts'),
    parameters: { namespace: 'gateway-conformance-infra', name: 'request-timeout', parent: parent('same-namespace'), backend: { service: 'infra-backend-v1', port: 8080 }, timeouts: { request: '1h' }, paths: [{ prefix: '/request-timeout', timeouts: { request: '500ms' } }] },
    objects: [
      {
        kind: ROUTES,
        'metadata.name': 'request-timeout',
        ...ofGateway('same-namespace'),
        'spec.rules.0.matches.0.path.type': 'PathPrefix',
        'spec.rules.0.matches.0.path.value': '/request-timeout',
        ...backend(0, 0, 'infra-backend-v1', 8080),
        'spec.rules.0.timeouts.request': '500ms',
      },
    ],
    differences: { 'HTTPRoute spec.rules.1': 'The guide’s route answers 404 to every other path. The preset has a time limit for those too.' },
  },
  {
    preset: 'gateway-api-retries',
    page: gatewayApi('guides/user-guides/http-retries'),
    parameters: { namespace: 'default', name: 'retry-example', parent: parent('example-gateway'), backend: { service: 'backend-svc', port: 8080 }, attempts: 2, codes: [500, 503, 504] },
    objects: [{ kind: ROUTES, 'metadata.name': 'retry-example', ...ofGateway('example-gateway'), ...backend(0, 0, 'backend-svc', 8080), 'spec.rules.0.retry.codes': [500, 503, 504], 'spec.rules.0.retry.attempts': 2 }],
    differences: {
      'HTTPRoute spec.rules.0.matches': 'The guide retries every request. A request that was carried out although its answer was an error is carried out twice then: the preset retries GET and HEAD unless told otherwise.',
      'HTTPRoute spec.rules.1': 'For the methods that are not retried.',
    },
  },
  {
    preset: 'gateway-api-ingress',
    page: istio('tasks/traffic-management/ingress/secure-ingress'),
    parameters: {
      name: 'mygateway',
      namespace: 'istio-system',
      hosts: [{ host: 'httpbin.example.com', certificate: 'httpbin-credential' }],
      clientCertificates: 'REQUIRED',
      routeNamespace: 'default',
      routes: [{ pathPrefix: '/status', service: 'httpbin', port: 8000 }, { pathPrefix: '/delay', service: 'httpbin', port: 8000 }],
    },
    objects: [
      {
        kind: GATEWAYS,
        'metadata.name': 'mygateway',
        'metadata.namespace': 'istio-system',
        'spec.gatewayClassName': 'istio',
        'spec.listeners.0.name': 'https',
        'spec.listeners.0.hostname': 'httpbin.example.com',
        'spec.listeners.0.port': 443,
        'spec.listeners.0.protocol': 'HTTPS',
        'spec.listeners.0.tls.mode': 'Terminate',
        'spec.listeners.0.tls.certificateRefs.0.name': 'httpbin-credential',
        'spec.listeners.0.tls.options[gateway.istio.io/tls-terminate-mode]': 'MUTUAL',
        'spec.listeners.0.allowedRoutes.namespaces.from': 'Selector',
        'spec.listeners.0.allowedRoutes.namespaces.selector.matchLabels[kubernetes.io/metadata.name]': 'default',
      },
      {
        kind: ROUTES,
        'spec.parentRefs.0.name': 'mygateway',
        'spec.parentRefs.0.namespace': 'istio-system',
        'spec.hostnames': ['httpbin.example.com'],
        'spec.rules.0.matches.0.path.type': 'PathPrefix',
        'spec.rules.0.matches.0.path.value': '/status',
        'spec.rules.0.matches.1.path.type': 'PathPrefix',
        'spec.rules.0.matches.1.path.value': '/delay',
        ...backend(0, 0, 'httpbin', 8000),
      },
    ],
    differences: {
      'Gateway spec.listeners.0.name': 'Each host has a listener with its own certificate: they are numbered.',
      'Gateway spec.listeners.1': 'Plain HTTP is answered with a redirect to https, as the guide of the Gateway API on redirects shows it. Switched off by redirectHttp.',
      'HTTPRoute#2': 'Plain HTTP is answered with a redirect to https, as the guide of the Gateway API on redirects shows it. Switched off by redirectHttp.',
      'HTTPRoute spec.parentRefs.0.sectionName': 'Beside a listener for plain HTTP the route must name that for https, or it would be reached in plaintext.',
      'HTTPRoute spec.rules.0.matches.1': 'The page sends two prefixes by one rule; the preset writes a rule for each route.',
      'HTTPRoute spec.rules.1': 'The page sends two prefixes by one rule; the preset writes a rule for each route.',
    },
  },
  {
    preset: 'gateway-api-ingress',
    page: gatewayApi('guides/user-guides/http-redirect-rewrite'),
    parameters: { name: 'redirect-gateway', namespace: 'default', hosts: [{ host: 'redirect.example', certificate: 'redirect-example' }], routes: [{ service: 'example-svc', port: 80 }] },
    objects: [
      {
        kind: GATEWAYS,
        'metadata.name': 'redirect-gateway',
        'spec.gatewayClassName': 'foo-lb',
        'spec.listeners.0.name': 'http',
        'spec.listeners.0.protocol': 'HTTP',
        'spec.listeners.0.port': 80,
        'spec.listeners.1.name': 'https',
        'spec.listeners.1.protocol': 'HTTPS',
        'spec.listeners.1.port': 443,
        'spec.listeners.1.tls.mode': 'Terminate',
        'spec.listeners.1.tls.certificateRefs.0.name': 'redirect-example',
      },
      {
        kind: ROUTES,
        'spec.parentRefs.0.name': 'redirect-gateway',
        'spec.parentRefs.0.sectionName': 'https',
        'spec.hostnames': ['redirect.example'],
        'spec.rules.0.matches.0.path.type': 'PathPrefix',
        'spec.rules.0.matches.0.path.value': '/',
        ...backend(0, 0, 'example-svc', 80),
      },
      {
        kind: ROUTES,
        'spec.parentRefs.0.name': 'redirect-gateway',
        'spec.parentRefs.0.sectionName': 'http',
        'spec.hostnames': ['redirect.example'],
        'spec.rules.0.filters.0.type': 'RequestRedirect',
        'spec.rules.0.filters.0.requestRedirect.scheme': 'https',
        'spec.rules.0.filters.0.requestRedirect.statusCode': 301,
      },
    ],
    differences: {
      'Gateway spec.gatewayClassName': 'The class of the guide’s imaginary load balancer; Istio’s is called istio.',
      'Gateway spec.listeners': 'The same two listeners, that for https first, with the host that its certificate is for, and open to routes of its own namespace, as is the default.',
      'HTTPRoute spec.parentRefs.0.sectionName': 'Each host has a listener with its own certificate: they are numbered.',
    },
  },
  {
    preset: 'gateway-api-waypoint',
    page: istio('ambient/usage/waypoint'),
    parameters: { namespace: 'default' },
    objects: [
      { kind: GATEWAYS, 'metadata.name': 'waypoint', 'metadata.namespace': 'default', 'metadata.labels[istio.io/waypoint-for]': 'service', 'spec.gatewayClassName': 'istio-waypoint', 'spec.listeners.0.name': 'mesh', 'spec.listeners.0.port': 15008, 'spec.listeners.0.protocol': 'HBONE' },
      { kind: 'Namespace', 'metadata.name': 'default', 'metadata.labels[istio.io/use-waypoint]': 'waypoint' },
    ],
  },
];
