import { definePreset, durationMilliseconds, gatewayDurationField, presentFields } from '@meshfleet/manifest';
import { z } from 'zod';
import { backendRef, CALLERS_NOTE, OLDEST_ROUTE_NOTE, serviceRoute, serviceRouteFields } from './parameters/service-route.ts';

export const linkerdTimeouts = definePreset({
  name: 'linkerd-timeouts',
  title: 'Timeouts (Linkerd)',
  category: 'RESILIENCE',
  flavour: 'LINKERD',
  description: 'Ends requests to a Service that take too long with 504.',
  notes: [CALLERS_NOTE, OLDEST_ROUTE_NOTE, 'A request that ran into this timeout is not retried; the time of one attempt is a parameter of linkerd-retries.', 'A timeout ends streams as well.', 'The times of answers and of silence are annotations of the route (Linkerd 2.16 and later). They take the place of all timeout annotations of the Service.'],
  parameters: z
    .strictObject({
      ...serviceRouteFields,
      request: gatewayDurationField.meta({ title: 'Request', description: 'From the first byte of the request to the last of the answer.' }),
      response: gatewayDurationField.optional().meta({ title: 'Answer', description: 'How long an answer may take from its first byte to its last.' }),
      idle: gatewayDurationField.optional().meta({ title: 'Silence', description: 'How long neither side may say anything.' }),
      backendRequest: gatewayDurationField.optional().meta({ title: 'Backend request', description: 'The same for what is sent to one backend.' }),
    })
    .refine(({ request, backendRequest }) => backendRequest === undefined || durationMilliseconds(backendRequest) <= durationMilliseconds(request), { path: ['backendRequest'], message: 'It cannot outlast the request' }),
  example: { namespace: 'shop', name: 'reports-timeout', service: 'reports', port: 8080, request: '3s' },
  render: ({ request, backendRequest, response, idle, ...route }) => {
    const annotations = { ...(response === undefined ? {} : { 'timeout.linkerd.io/response': response }), ...(idle === undefined ? {} : { 'timeout.linkerd.io/idle': idle }) };
    return [serviceRoute(route, [{ timeouts: presentFields({ request, backendRequest }), backendRefs: [backendRef(route)] }], Object.keys(annotations).length === 0 ? undefined : annotations)];
  },
});
