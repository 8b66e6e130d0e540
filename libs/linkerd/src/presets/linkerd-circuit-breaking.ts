import { definePreset, dnsLabelField, durationMilliseconds, gatewayDurationField } from '@meshfleet/manifest';
import { z } from 'zod';

const PREFIX = 'balancer.linkerd.io/failure-accrual';

export const linkerdCircuitBreaking = definePreset({
  name: 'linkerd-circuit-breaking',
  title: 'Circuit breaking (Linkerd)',
  category: 'RESILIENCE',
  flavour: 'LINKERD',
  description: 'Callers’ proxies leave an endpoint of a Service alone after some failures in a row, and try it again after a while, longer each time.',
  notes: [
    'It is said by annotations of the Service, which must be there and stays its owner’s: only these annotations are managed.',
    'Each proxy counts for itself. When all endpoints are out, callers get 503.',
    'Answers of 5xx count as failures, and timeouts; with gRPC the status does.',
    'A ServiceProfile of the same Service switches it off.',
  ],
  parameters: z
    .strictObject({
      namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the Service.' }),
      service: dnsLabelField.meta({ title: 'Service', description: 'An existing Service.' }),
      maxFailures: z.int().min(1).max(1_000).default(7).meta({ title: 'Failures in a row', description: 'After so many an endpoint is left alone.' }),
      minPenalty: gatewayDurationField.default('1s').meta({ title: 'Shortest pause', description: 'Until it is tried for the first time.' }),
      maxPenalty: gatewayDurationField.default('1m').meta({ title: 'Longest pause', description: 'However often it has failed since.' }),
      jitterRatio: z.number().min(0).max(100).default(0.5).meta({ title: 'Jitter', description: 'How much pauses differ by chance, as a share of their length.' }),
    })
    .refine(({ minPenalty, maxPenalty }) => durationMilliseconds(minPenalty) <= durationMilliseconds(maxPenalty), { path: ['maxPenalty'], message: 'The longest pause is shorter than the shortest' }),
  example: { namespace: 'shop', service: 'recommendations', maxFailures: 5, minPenalty: '2s', maxPenalty: '30s' },
  render: ({ namespace, service, maxFailures, minPenalty, maxPenalty, jitterRatio }) => [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: service,
        namespace,
        annotations: {
          [PREFIX]: 'consecutive',
          [`${PREFIX}-consecutive-max-failures`]: String(maxFailures),
          [`${PREFIX}-consecutive-min-penalty`]: minPenalty,
          [`${PREFIX}-consecutive-max-penalty`]: maxPenalty,
          [`${PREFIX}-consecutive-jitter-ratio`]: jitterRatio.toFixed(2),
        },
      },
    },
  ],
});
