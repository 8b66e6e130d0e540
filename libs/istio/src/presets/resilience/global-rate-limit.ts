import { definePreset, durationMilliseconds, hostField, portField, positiveDurationField } from '@meshfleet/manifest';
import type { Json, JsonObject } from '@meshfleet/model';
import { z } from 'zod';
import { beforeRouter, contextOf, ENVOY_FILTER_NOTE, limitedFields } from '../parameters/rate-limit-fields.ts';

const key = z.string().max(100).regex(/^[A-Za-z0-9_-]+$/, 'Must consist of letters, digits, "-" and "_"');

const entry = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('PATH').meta({ title: 'Path', description: 'The path.' }), key: key.default('path').meta({ title: 'Key', description: 'Name of the entry; Istio’s own example calls it "PATH".' }) }),
  z.strictObject({ from: z.literal('METHOD').meta({ title: 'Method', description: 'The method.' }), key: key.default('method').meta({ title: 'Key', description: 'Name of the entry.' }) }),
  z.strictObject({ from: z.literal('REMOTE_ADDRESS').meta({ title: 'Caller’s address', description: 'The trusted address of the caller, as the entry "remote_address".' }) }),
  z.strictObject({
    from: z.literal('HEADER').meta({ title: 'Header', description: 'The value of a header; without the header nothing is asked.' }),
    name: z.string().max(100).regex(/^[a-z0-9][-a-z0-9_]*$/, 'Must be the name of a header in lower case, as in "x-plan"').meta({ title: 'Name', description: 'Name of the header in lower case.' }),
    key: key.meta({ title: 'Key', description: 'Name of the entry.' }),
  }),
  z.strictObject({
    from: z.literal('CONSTANT').meta({ title: 'Constant', description: 'The same for all requests.' }),
    key: key.meta({ title: 'Key', description: 'Name of the entry.' }),
    value: z.string().min(1).max(200).meta({ title: 'Value', description: 'Its value.' }),
  }),
]);

export const globalRateLimit = definePreset({
  name: 'global-rate-limit',
  title: 'Global rate limit',
  category: 'RESILIENCE',
  flavour: 'ISTIO',
  description: 'Asks a rate-limit service (the gRPC protocol of envoyproxy/ratelimit) before a request passes, so that one limit holds over all pods and gateways. Says what the service is told of each request; the limits themselves are in its own configuration.',
  notes: [
    ENVOY_FILTER_NOTE,
    'The rate-limit service is not part of this: deploy it with its store, and configure the same domain and entries there. What it has no limit for passes.',
    'Every request waits for its answer, up to the timeout. When it does not answer, requests pass unless you refuse them; then the service is as vital as what it guards.',
    'The proxy finds it by the cluster that Istio makes of its Service. A Sidecar resource that leaves its namespace out hides it; the filter then lets everything pass, or nothing.',
    'Several workloads may share one domain, and with it one count.',
  ],
  parameters: z.strictObject({
    ...limitedFields,
    service: z
      .strictObject({
        host: hostField.meta({ title: 'Host', description: 'Full name of its Service, as in "ratelimit.rate-limits.svc.cluster.local".', examples: ['ratelimit.rate-limits.svc.cluster.local'] }),
        port: portField.default(8_081).meta({ title: 'Port', description: 'Its gRPC port.' }),
      })
      .meta({ title: 'Rate-limit service', description: 'Whom the proxies ask.' }),
    domain: key.meta({ title: 'Domain', description: 'Of the limits in the service’s configuration.' }),
    descriptors: z
      .array(z.array(entry).min(1).meta({ title: 'Descriptor', description: 'Entries that are counted together.' }))
      .min(1)
      .meta({ title: 'Descriptors', description: 'What the service is told; each list of entries is looked up by itself.' }),
    timeout: positiveDurationField.default('100ms').meta({ title: 'Timeout', description: 'How long a request waits for the answer.' }),
    whenUnavailable: z.enum(['ALLOW', 'REFUSE']).default('ALLOW').meta({ title: 'When unavailable', description: 'What happens to requests while the service does not answer.' }),
  }),
  example: {
    name: 'public-api',
    namespace: 'istio-ingress',
    labels: { istio: 'ingress' },
    at: 'GATEWAY',
    service: { host: 'ratelimit.rate-limits.svc.cluster.local' },
    domain: 'public-api',
    descriptors: [[{ from: 'REMOTE_ADDRESS' }], [{ from: 'HEADER', name: 'x-plan', key: 'plan' }, { from: 'PATH' }]],
  },
  render: (parameters) => {
    const { name, namespace, labels, at, service, domain, descriptors, timeout, whenUnavailable } = parameters;
    const filter: JsonObject = {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit',
      domain,
      failure_mode_deny: whenUnavailable === 'REFUSE',
      timeout: `${durationMilliseconds(timeout) / 1_000}s`,
      rate_limit_service: {
        transport_api_version: 'V3',
        grpc_service: { envoy_grpc: { cluster_name: `outbound|${service.port}||${service.host}`, authority: service.host } },
      },
    };
    return [
      {
        apiVersion: 'networking.istio.io/v1alpha3',
        kind: 'EnvoyFilter',
        metadata: { name, namespace },
        spec: {
          workloadSelector: { labels },
          // Without one, filters of equal rank come in the order of their age.
          priority: 10,
          configPatches: [
            beforeRouter(parameters, { name: 'envoy.filters.http.ratelimit', typed_config: filter }),
            {
              applyTo: 'VIRTUAL_HOST',
              match: { context: contextOf(at) },
              patch: { operation: 'MERGE', value: { rate_limits: descriptors.map((entries) => ({ actions: entries.map(actionOf) })) } },
            },
          ],
        },
      },
    ];
  },
});

function actionOf(part: z.output<typeof entry>): Json {
  switch (part.from) {
    case 'PATH':
      return { request_headers: { header_name: ':path', descriptor_key: part.key } };
    case 'METHOD':
      return { request_headers: { header_name: ':method', descriptor_key: part.key } };
    case 'REMOTE_ADDRESS':
      return { remote_address: {} };
    case 'HEADER':
      return { request_headers: { header_name: part.name, descriptor_key: part.key } };
    case 'CONSTANT':
      return { generic_key: { descriptor_key: part.key, descriptor_value: part.value } };
  }
}
