import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { policyFields, trafficPolicy } from '../parameters/destination-fields.ts';
import { serviceFields } from '../parameters/service-fields.ts';
import { ONE_POLICY_PER_HOST, trafficRule } from '../traffic/service-destination.ts';

export const circuitBreaking = definePreset({
  name: 'circuit-breaking',
  title: 'Circuit breaking',
  category: 'RESILIENCE',
  flavour: 'ISTIO',
  description: 'Bounds what each caller’s proxy may have under way towards a service, and ejects endpoints that keep failing until they have had time to recover.',
  notes: [
    ONE_POLICY_PER_HOST,
    'Limits are per proxy of a caller, not for the service: a hundred callers with 10 connections each are 1,000.',
    'What is beyond a limit is refused at once with 503 and the flag UO; callers must take that for an answer.',
    'With HTTP/1.1 a request needs a connection of its own: fewer connections than requests at once make the rest wait.',
    'An endpoint is ejected by each proxy for itself, after that proxy has seen the errors. In a service with one endpoint ejection means 503 for all.',
    'Outlier detection also switches Istio’s locality preference on: where nodes carry regions and zones, each caller keeps to the nearest endpoints while they are healthy. Set least-request and its like with that in mind, or distribute by locality-balancing.',
    'Errors of the application’s own making (a 500 for a bad request) count as well.',
  ],
  parameters: z
    .strictObject({
      ...serviceFields,
      loadBalancer: z.enum(['LEAST_REQUEST', 'ROUND_ROBIN', 'RANDOM']).optional().meta({ title: 'Load balancer', description: 'LEAST_REQUEST is Istio’s own choice.' }),
      ...policyFields,
    })
    .refine((parameters) => parameters.connectionPool !== undefined || parameters.outlierDetection !== undefined, 'Set a connection pool, outlier detection, or both'),
  example: {
    namespace: 'shop',
    host: 'recommendations',
    connectionPool: { maxConnections: 100, connectTimeout: '1s', http1MaxPendingRequests: 50, http2MaxRequests: 200 },
    outlierDetection: { consecutive5xxErrors: 5, interval: '5s', baseEjectionTime: '30s' },
  },
  render: ({ namespace, host, loadBalancer, ...policy }) => [trafficRule(namespace, host, trafficPolicy(policy, loadBalancer === undefined ? undefined : { simple: loadBalancer }))],
});
