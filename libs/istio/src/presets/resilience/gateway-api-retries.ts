import { definePreset, durationMilliseconds, gatewayDurationField, presentFields } from '@meshfleet/manifest';
import { z } from 'zod';
import { backendFields, backendRef, GATEWAY_API_NOTE, httpRoute, httpRouteFields, PRODUCER_NOTE } from '../parameters/http-route.ts';

export const gatewayApiRetries = definePreset({
  name: 'gateway-api-retries',
  title: 'Retries (Gateway API)',
  category: 'RESILIENCE',
  flavour: 'GATEWAY_API',
  needs: 'GATEWAY_API_RETRIES',
  description: 'Sends failed requests of some methods again, up to a number of attempts and within a timeout, with an HTTPRoute.',
  notes: [
    GATEWAY_API_NOTE,
    PRODUCER_NOTE,
    'The field `retry` is in the experimental channel of the Gateway API up to 1.6, and in the standard channel from 1.7 on. For clusters that do not serve it the policy is refused, with the field and their names: use the preset retries in Istio, and linkerd-retries in Linkerd.',
    'Istio retries failed connections too, whatever codes are named.',
    'Linkerd does not read the field: it takes annotations, which linkerd-retries writes.',
    'There is no budget for it that Istio reads from a route: attempts multiply along a chain of services.',
  ],
  parameters: z
    .strictObject({
      ...httpRouteFields,
      backend: z.strictObject(backendFields).meta({ title: 'Backend', description: 'Who answers.' }),
      attempts: z.int().min(1).max(10).default(2).meta({ title: 'Attempts', description: 'How often a request is sent again at most.' }),
      codes: z
        .array(z.int().min(400).max(599))
        .min(1)
        .max(16)
        .refine((codes) => new Set(codes).size === codes.length, 'Name each code once')
        .default([502, 503, 504])
        .meta({ title: 'Codes', description: 'Answers that count as failed.', examples: [[503], [502, 503, 504]] }),
      backoff: gatewayDurationField.optional().meta({ title: 'Pause', description: 'Between attempts, at least.' }),
      methods: z
        .array(z.enum(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH']))
        .min(1)
        .refine((methods) => new Set(methods).size === methods.length, 'Name each method once')
        .default(['GET', 'HEAD'])
        .meta({ title: 'Methods', description: 'Requests of other methods are not retried by this route.', examples: [['GET', 'HEAD'], ['GET']] }),
      timeouts: z
        .strictObject({
          request: gatewayDurationField.meta({ title: 'Request', description: 'How long a request may take with all its attempts.' }),
          backendRequest: gatewayDurationField.optional().meta({ title: 'Attempt', description: 'How long one attempt may take; then it counts as failed.' }),
        })
        .refine(({ request, backendRequest }) => backendRequest === undefined || durationMilliseconds(backendRequest) <= durationMilliseconds(request), { path: ['backendRequest'], message: 'An attempt cannot outlast its request' })
        .optional()
        .meta({ title: 'Timeouts', description: 'For the methods that are retried.' }),
    }),
  example: {
    namespace: 'shop',
    name: 'ratings',
    parent: { kind: 'SERVICE', name: 'ratings', port: 8080 },
    backend: { service: 'ratings', port: 8080 },
    attempts: 3,
    codes: [503],
    backoff: '100ms',
    timeouts: { request: '2s', backendRequest: '500ms' },
  },
  render: ({ backend, attempts, codes, backoff, methods, timeouts, ...route }) => [
    httpRoute(route, [
      presentFields({
        matches: methods.map((method) => ({ method })),
        retry: presentFields({ attempts, codes, backoff }),
        timeouts: timeouts === undefined ? undefined : presentFields(timeouts),
        backendRefs: [backendRef(backend)],
      }),
      { backendRefs: [backendRef(backend)] },
    ]),
  ],
});
