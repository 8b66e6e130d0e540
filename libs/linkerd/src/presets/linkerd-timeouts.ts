import { definePreset, durationMilliseconds, gatewayDurationField, presentFields } from '@meshfleet/manifest';
import { z } from 'zod';
import { backendRef, CALLERS_NOTE, OLDEST_ROUTE_NOTE, serviceRoute, serviceRouteFields } from './parameters/service-route.ts';

export const linkerdTimeouts = definePreset({
  name: 'linkerd-timeouts',
  title: 'Timeouts (Linkerd)',
  category: 'RESILIENCE',
  flavour: 'LINKERD',
  description: 'Ends requests to a Service that take too long with 504.',
  notes: [CALLERS_NOTE, OLDEST_ROUTE_NOTE, 'A request that ran into this timeout is not retried; the time of one attempt is a parameter of linkerd-retries.', 'A timeout ends streams as well.'],
  parameters: z
    .strictObject({
      ...serviceRouteFields,
      request: gatewayDurationField.meta({ title: 'Request', description: 'From the first byte of the request to the last of the answer.' }),
      backendRequest: gatewayDurationField.optional().meta({ title: 'Backend request', description: 'The same for what is sent to one backend.' }),
    })
    .refine(({ request, backendRequest }) => backendRequest === undefined || durationMilliseconds(backendRequest) <= durationMilliseconds(request), { path: ['backendRequest'], message: 'It cannot outlast the request' }),
  example: { namespace: 'shop', name: 'reports-timeout', service: 'reports', port: 8080, request: '3s' },
  render: ({ request, backendRequest, ...route }) => [serviceRoute(route, [{ timeouts: presentFields({ request, backendRequest }), backendRefs: [backendRef(route)] }])],
});
