import type { DocumentedPattern } from '../compare-with-pattern.ts';
import { istio } from './addresses.ts';

const ROUTES = 'VirtualService.networking.istio.io';
const RULES = 'DestinationRule.networking.istio.io';
const FILTERS = 'EnvoyFilter.networking.istio.io';

const NAMED_RULES = 'Names the rule: access logs then say by which a request went.';
const PRIORITY = 'Without a priority, filters of equal rank come in the order of their age: two clusters could run one fleet’s filters in two orders.';
const BESIDE_VERSIONS = 'The page sends to a version of its sample application. A limit of time or a fault is for the service, whatever version answers; presets for versions write the subsets.';
const FILTER = 'spec.configPatches.0.patch.value.typed_config';

export const resiliencePatterns: readonly DocumentedPattern[] = [
  {
    preset: 'circuit-breaking',
    page: istio('tasks/traffic-management/circuit-breaking'),
    parameters: { namespace: 'default', host: 'httpbin', connectionPool: { maxConnections: 1, http1MaxPendingRequests: 1, maxRequestsPerConnection: 1 }, outlierDetection: { consecutive5xxErrors: 1, interval: '1s', baseEjectionTime: '3m', maxEjectionPercent: 100 } },
    objects: [
      {
        kind: RULES,
        'metadata.name': 'httpbin',
        'spec.host': 'httpbin',
        'spec.trafficPolicy.connectionPool.tcp.maxConnections': 1,
        'spec.trafficPolicy.connectionPool.http.http1MaxPendingRequests': 1,
        'spec.trafficPolicy.connectionPool.http.maxRequestsPerConnection': 1,
        'spec.trafficPolicy.outlierDetection.consecutive5xxErrors': 1,
        'spec.trafficPolicy.outlierDetection.interval': '1s',
        'spec.trafficPolicy.outlierDetection.baseEjectionTime': '3m',
        'spec.trafficPolicy.outlierDetection.maxEjectionPercent': 100,
      },
    ],
  },
  {
    preset: 'region-failover',
    page: istio('tasks/traffic-management/locality-load-balancing/failover'),
    parameters: { namespace: 'sample', host: 'helloworld.sample.svc.cluster.local', failover: [{ from: 'region1', to: 'region2' }], connectionPool: { maxRequestsPerConnection: 1 }, outlierDetection: { consecutive5xxErrors: 1, interval: '1s', baseEjectionTime: '1m' } },
    objects: [
      {
        kind: RULES,
        'spec.host': 'helloworld.sample.svc.cluster.local',
        'spec.trafficPolicy.connectionPool.http.maxRequestsPerConnection': 1,
        'spec.trafficPolicy.loadBalancer.simple': 'ROUND_ROBIN',
        'spec.trafficPolicy.loadBalancer.localityLbSetting.enabled': true,
        'spec.trafficPolicy.loadBalancer.localityLbSetting.failover.0.from': 'region1',
        'spec.trafficPolicy.loadBalancer.localityLbSetting.failover.0.to': 'region2',
        'spec.trafficPolicy.outlierDetection.consecutive5xxErrors': 1,
        'spec.trafficPolicy.outlierDetection.interval': '1s',
        'spec.trafficPolicy.outlierDetection.baseEjectionTime': '1m',
      },
    ],
    differences: {
      'DestinationRule spec.trafficPolicy.loadBalancer.simple': 'Failover does not depend on how endpoints within a region are chosen: the mesh’s own way stays.',
      'DestinationRule spec.trafficPolicy.outlierDetection.maxEjectionPercent': 'With Istio’s own 10 % most endpoints of a failed region could not be ejected, and callers would not move.',
    },
  },
  {
    preset: 'retries',
    page: istio('reference/config/networking/virtual-service'),
    parameters: { namespace: 'prod', host: 'ratings.prod.svc.cluster.local', attempts: 3, perTryTimeout: '2s', retryOn: ['gateway-error', 'connect-failure', 'refused-stream'] },
    objects: [
      {
        kind: ROUTES,
        'spec.hosts': ['ratings.prod.svc.cluster.local'],
        'spec.http.0.route.0.destination.host': 'ratings.prod.svc.cluster.local',
        'spec.http.0.route.0.destination.subset': 'v1',
        'spec.http.0.retries.attempts': 3,
        'spec.http.0.retries.perTryTimeout': '2s',
        'spec.http.0.retries.retryOn': 'gateway-error,connect-failure,refused-stream',
      },
    ],
    differences: { 'VirtualService spec.http.0.name': NAMED_RULES, 'VirtualService spec.http.0.route.0.destination.subset': BESIDE_VERSIONS },
  },
  {
    preset: 'request-timeouts',
    page: istio('tasks/traffic-management/request-timeouts'),
    parameters: { namespace: 'default', host: 'reviews', timeout: '0.5s' },
    objects: [{ kind: ROUTES, 'metadata.name': 'reviews', 'spec.hosts': ['reviews'], 'spec.http.0.route.0.destination.host': 'reviews', 'spec.http.0.route.0.destination.subset': 'v2', 'spec.http.0.timeout': '0.5s' }],
    differences: { 'VirtualService spec.http.0.name': NAMED_RULES, 'VirtualService spec.http.0.route.0.destination.subset': BESIDE_VERSIONS },
  },
  {
    preset: 'fault-injection',
    page: istio('tasks/traffic-management/fault-injection'),
    parameters: { namespace: 'default', host: 'ratings', cohort: { by: 'HEADER', name: 'end-user', value: 'jason' }, delay: { time: '7s' }, until: '2026-12-01T18:00:00Z' },
    objects: [
      {
        kind: ROUTES,
        'metadata.name': 'ratings',
        'spec.hosts': ['ratings'],
        'spec.http.0.match.0.headers.end-user.exact': 'jason',
        'spec.http.0.fault.delay.fixedDelay': '7s',
        'spec.http.0.fault.delay.percentage.value': 100,
        'spec.http.0.route.0.destination.host': 'ratings',
        'spec.http.0.route.0.destination.subset': 'v1',
        'spec.http.1.route.0.destination.host': 'ratings',
        'spec.http.1.route.0.destination.subset': 'v1',
      },
    ],
    differences: {
      'VirtualService metadata.annotations': 'A fault that is forgotten is an outage: the object says until when it stands, and is withdrawn then.',
      'VirtualService spec.http.0.name': NAMED_RULES,
      'VirtualService spec.http.1.name': NAMED_RULES,
      'VirtualService spec.http.0.route.0.destination.subset': BESIDE_VERSIONS,
      'VirtualService spec.http.1.route.0.destination.subset': BESIDE_VERSIONS,
    },
  },
  {
    preset: 'fault-injection',
    page: istio('tasks/traffic-management/fault-injection'),
    parameters: { namespace: 'default', host: 'ratings', cohort: { by: 'HEADER', name: 'end-user', value: 'jason' }, abort: { status: 500 }, until: '2026-12-01T18:00:00Z' },
    objects: [
      {
        kind: ROUTES,
        'metadata.name': 'ratings',
        'spec.hosts': ['ratings'],
        'spec.http.0.match.0.headers.end-user.exact': 'jason',
        'spec.http.0.fault.abort.httpStatus': 500,
        'spec.http.0.fault.abort.percentage.value': 100,
        'spec.http.0.route.0.destination.host': 'ratings',
        'spec.http.0.route.0.destination.subset': 'v1',
        'spec.http.1.route.0.destination.host': 'ratings',
        'spec.http.1.route.0.destination.subset': 'v1',
      },
    ],
    differences: {
      'VirtualService metadata.annotations': 'A fault that is forgotten is an outage: the object says until when it stands, and is withdrawn then.',
      'VirtualService spec.http.0.name': NAMED_RULES,
      'VirtualService spec.http.1.name': NAMED_RULES,
      'VirtualService spec.http.0.route.0.destination.subset': BESIDE_VERSIONS,
      'VirtualService spec.http.1.route.0.destination.subset': BESIDE_VERSIONS,
    },
  },
  {
    preset: 'local-rate-limit',
    page: istio('tasks/policy-enforcement/rate-limit'),
    parameters: { name: 'filter-local-ratelimit-svc', namespace: 'istio-system', labels: { app: 'productpage' }, limit: { requests: 4, per: '60s' } },
    objects: [
      {
        kind: FILTERS,
        'metadata.name': 'filter-local-ratelimit-svc',
        'metadata.namespace': 'istio-system',
        'spec.workloadSelector.labels.app': 'productpage',
        'spec.configPatches.0.applyTo': 'HTTP_FILTER',
        'spec.configPatches.0.match.context': 'SIDECAR_INBOUND',
        'spec.configPatches.0.match.listener.filterChain.filter.name': 'envoy.filters.network.http_connection_manager',
        'spec.configPatches.0.patch.operation': 'INSERT_BEFORE',
        'spec.configPatches.0.patch.value.name': 'envoy.filters.http.local_ratelimit',
        [`${FILTER}[@type]`]: 'type.googleapis.com/udpa.type.v1.TypedStruct',
        [`${FILTER}.type_url`]: 'type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
        [`${FILTER}.value.stat_prefix`]: 'http_local_rate_limiter',
        [`${FILTER}.value.token_bucket.max_tokens`]: 4,
        [`${FILTER}.value.token_bucket.tokens_per_fill`]: 4,
        [`${FILTER}.value.token_bucket.fill_interval`]: '60s',
        [`${FILTER}.value.filter_enabled.runtime_key`]: 'local_rate_limit_enabled',
        [`${FILTER}.value.filter_enabled.default_value.numerator`]: 100,
        [`${FILTER}.value.filter_enabled.default_value.denominator`]: 'HUNDRED',
        [`${FILTER}.value.filter_enforced.runtime_key`]: 'local_rate_limit_enforced',
        [`${FILTER}.value.filter_enforced.default_value.numerator`]: 100,
        [`${FILTER}.value.filter_enforced.default_value.denominator`]: 'HUNDRED',
        [`${FILTER}.value.response_headers_to_add.0.append`]: false,
        [`${FILTER}.value.response_headers_to_add.0.header.key`]: 'x-local-rate-limit',
        [`${FILTER}.value.response_headers_to_add.0.header.value`]: 'true',
      },
    ],
    differences: {
      'EnvoyFilter spec.priority': PRIORITY,
      'EnvoyFilter spec.configPatches.0.match.listener.filterChain.filter.subFilter': 'Before the router rather than before all filters: authentication and authorization come first, and callers that are refused use up nothing.',
      [`EnvoyFilter ${FILTER}`]: 'The page wraps the filter in a TypedStruct, of which neither istiod nor istioctl checks the inside. The preset names the filter’s own type, so that istiod refuses what Envoy would; it leaves out runtime keys, lest something beside the policy decide whether it holds, and the header that marks answers.',
    },
  },
  {
    preset: 'global-rate-limit',
    page: istio('tasks/policy-enforcement/rate-limit'),
    parameters: { name: 'filter-ratelimit', namespace: 'istio-system', labels: { istio: 'ingressgateway' }, at: 'GATEWAY', service: { host: 'ratelimit.default.svc.cluster.local' }, domain: 'ratelimit', descriptors: [[{ from: 'PATH', key: 'PATH' }]], timeout: '10s', whenUnavailable: 'REFUSE' },
    objects: [
      {
        kind: FILTERS,
        'metadata.name': 'filter-ratelimit',
        'metadata.namespace': 'istio-system',
        'spec.workloadSelector.labels.istio': 'ingressgateway',
        'spec.configPatches.0.applyTo': 'HTTP_FILTER',
        'spec.configPatches.0.match.context': 'GATEWAY',
        'spec.configPatches.0.match.listener.filterChain.filter.name': 'envoy.filters.network.http_connection_manager',
        'spec.configPatches.0.match.listener.filterChain.filter.subFilter.name': 'envoy.filters.http.router',
        'spec.configPatches.0.patch.operation': 'INSERT_BEFORE',
        'spec.configPatches.0.patch.value.name': 'envoy.filters.http.ratelimit',
        [`${FILTER}[@type]`]: 'type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit',
        [`${FILTER}.domain`]: 'ratelimit',
        [`${FILTER}.failure_mode_deny`]: true,
        [`${FILTER}.timeout`]: '10s',
        [`${FILTER}.rate_limit_service.grpc_service.envoy_grpc.cluster_name`]: 'outbound|8081||ratelimit.default.svc.cluster.local',
        [`${FILTER}.rate_limit_service.grpc_service.envoy_grpc.authority`]: 'ratelimit.default.svc.cluster.local',
        [`${FILTER}.rate_limit_service.transport_api_version`]: 'V3',
      },
      {
        kind: FILTERS,
        'metadata.name': 'filter-ratelimit-svc',
        'metadata.namespace': 'istio-system',
        'spec.workloadSelector.labels.istio': 'ingressgateway',
        'spec.configPatches.0.applyTo': 'VIRTUAL_HOST',
        'spec.configPatches.0.match.context': 'GATEWAY',
        'spec.configPatches.0.match.routeConfiguration.vhost.name': '',
        'spec.configPatches.0.match.routeConfiguration.vhost.route.action': 'ANY',
        'spec.configPatches.0.patch.operation': 'MERGE',
        'spec.configPatches.0.patch.value.rate_limits.0.actions.0.request_headers.header_name': ':path',
        'spec.configPatches.0.patch.value.rate_limits.0.actions.0.request_headers.descriptor_key': 'PATH',
      },
    ],
    differences: {
      'EnvoyFilter spec.priority': PRIORITY,
      'EnvoyFilter#2': 'The same patch stands in the first object: a filter without descriptors limits nothing, and descriptors without a filter do nothing, so the two come and go together.',
      'EnvoyFilter spec.configPatches.1': 'The patch of the page’s second object, for every virtual host. The page’s match by an empty name and any action says the same in more words.',
    },
  },
];
