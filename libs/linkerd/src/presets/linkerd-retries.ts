import { definePreset, gatewayDurationField } from '@meshfleet/manifest';
import { z } from 'zod';
import { backendRef, CALLERS_NOTE, OLDEST_ROUTE_NOTE, serviceRoute, serviceRouteFields } from './parameters/service-route.ts';

export const linkerdRetries = definePreset({
  name: 'linkerd-retries',
  title: 'Retries (Linkerd)',
  category: 'RESILIENCE',
  flavour: 'LINKERD',
  description: 'Sends failed requests of some methods to a Service again, up to a limit.',
  notes: [
    CALLERS_NOTE,
    OLDEST_ROUTE_NOTE,
    'It is said by annotations of the route (Linkerd 2.16 and later). They take the place of all retry annotations of the Service.',
    'Linkerd has no budget for retries of this kind: the limit is per request.',
    'Requests with a body of more than 64 KiB are not retried.',
  ],
  parameters: z.strictObject({
    ...serviceRouteFields,
    methods: z
      .array(z.enum(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH']))
      .min(1)
      .refine((methods) => new Set(methods).size === methods.length, 'Name each method once')
      .default(['GET', 'HEAD'])
      .meta({ title: 'Methods', description: 'Requests of other methods are not retried.', examples: [['GET', 'HEAD'], ['GET']] }),
    on: z
      .array(z.union([z.enum(['5xx', 'gateway-error']), z.int().min(400).max(599)]))
      .min(1)
      .default(['5xx'])
      .meta({ title: 'On', description: 'Answers that count as failed: status codes, 5xx, or gateway-error (502, 503, 504).' }),
    limit: z.int().min(1).max(10).default(1).meta({ title: 'Limit', description: 'How often a request is sent again at most.' }),
    attemptTimeout: gatewayDurationField.optional().meta({ title: 'Time per attempt', description: 'An attempt that takes longer is given up and retried.' }),
  }),
  example: { namespace: 'shop', name: 'ratings-retries', service: 'ratings', port: 8080, on: ['gateway-error'], limit: 2, attemptTimeout: '400ms' },
  render: ({ methods, on, limit, attemptTimeout, ...route }) => [
    serviceRoute(route, [{ matches: methods.map((method) => ({ method })), backendRefs: [backendRef(route)] }], {
      'retry.linkerd.io/http': on.join(','),
      'retry.linkerd.io/limit': String(limit),
      ...(attemptTimeout === undefined ? {} : { 'retry.linkerd.io/timeout': attemptTimeout }),
    }),
  ],
});
