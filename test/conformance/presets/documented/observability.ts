import type { DocumentedPattern } from '../compare-with-pattern.ts';
import { istio } from './addresses.ts';

const TELEMETRY = 'Telemetry.telemetry.istio.io';

export const observabilityPatterns: readonly DocumentedPattern[] = [
  {
    preset: 'metric-dimension-trimming',
    page: istio('tasks/observability/metrics/telemetry-api'),
    parameters: { name: 'remove-tags', target: { scope: 'MESH' }, removeTags: ['grpc_response_status'] },
    objects: [
      {
        kind: TELEMETRY,
        'metadata.name': 'remove-tags',
        'metadata.namespace': 'istio-system',
        'spec.metrics.0.providers.0.name': 'prometheus',
        'spec.metrics.0.overrides.0.match.mode': 'CLIENT_AND_SERVER',
        'spec.metrics.0.overrides.0.match.metric': 'REQUEST_COUNT',
        'spec.metrics.0.overrides.0.tagOverrides.grpc_response_status.operation': 'REMOVE',
      },
    ],
    differences: { 'Telemetry spec.metrics.0.overrides.0.match.metric': 'A label costs as much in one metric as in the next: the preset takes it from all.' },
  },
  {
    preset: 'metric-dimension-trimming',
    page: istio('tasks/observability/metrics/telemetry-api'),
    parameters: { name: 'remove-request-count', target: { scope: 'MESH' }, disableMetrics: ['REQUEST_COUNT'] },
    objects: [
      {
        kind: TELEMETRY,
        'metadata.name': 'remove-request-count',
        'metadata.namespace': 'istio-system',
        'spec.metrics.0.providers.0.name': 'prometheus',
        'spec.metrics.0.overrides.0.disabled': true,
        'spec.metrics.0.overrides.0.match.mode': 'CLIENT_AND_SERVER',
        'spec.metrics.0.overrides.0.match.metric': 'REQUEST_COUNT',
      },
    ],
  },
  {
    preset: 'trace-sampling',
    page: istio('tasks/observability/distributed-tracing/telemetry-api'),
    parameters: { name: 'mesh-default', target: { scope: 'MESH' }, percentage: 100, provider: 'zipkin', customTags: [{ tag: 'provider', literal: 'zipkin' }, { tag: 'cluster_id', environment: 'ISTIO_META_CLUSTER_ID', defaultValue: 'Kubernetes' }] },
    objects: [
      {
        kind: TELEMETRY,
        'metadata.name': 'mesh-default',
        'metadata.namespace': 'istio-system',
        'spec.tracing.0.providers.0.name': 'zipkin',
        'spec.tracing.0.randomSamplingPercentage': 100,
        'spec.tracing.0.customTags.provider.literal.value': 'zipkin',
        'spec.tracing.0.customTags.cluster_id.environment.name': 'ISTIO_META_CLUSTER_ID',
        'spec.tracing.0.customTags.cluster_id.environment.defaultValue': 'Kubernetes',
      },
    ],
  },
  {
    preset: 'conditional-access-logs',
    page: istio('tasks/observability/logs/telemetry-api'),
    parameters: { name: 'filter-curl-logging', target: { scope: 'WORKLOADS', namespace: 'default', labels: { app: 'curl' } }, statusFrom: 500 },
    objects: [{ kind: TELEMETRY, 'metadata.name': 'filter-curl-logging', 'spec.selector.matchLabels.app': 'curl', 'spec.accessLogging.0.providers.0.name': 'envoy', 'spec.accessLogging.0.filter.expression': 'response.code >= 500' }],
    differences: { 'Telemetry spec.accessLogging.0.match': 'Clients and servers alike, as without it; said, because whose log it is, is a parameter.' },
  },
  {
    preset: 'mesh-telemetry',
    page: istio('tasks/observability/telemetry'),
    parameters: { target: { scope: 'MESH' }, tracing: { percentage: 100, provider: 'localtrace', customTags: [{ tag: 'foo', literal: 'bar' }] } },
    objects: [
      {
        kind: TELEMETRY,
        'metadata.name': 'mesh-default',
        'metadata.namespace': 'istio-system',
        'spec.tracing.0.providers.0.name': 'localtrace',
        'spec.tracing.0.customTags.foo.literal.value': 'bar',
        'spec.tracing.0.randomSamplingPercentage': 100,
      },
    ],
  },
];
