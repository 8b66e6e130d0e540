import { definePreset, durationMilliseconds, gatewayDurationField, presentFields } from '@meshfleet/manifest';
import { z } from 'zod';
import { backendFields, backendRef, GATEWAY_API_NOTE, httpRoute, httpRouteFields, PRODUCER_NOTE } from '../parameters/http-route.ts';

const path = z.string().max(1_024).regex(/^(\/[A-Za-z0-9_-]+)+$/, 'Must be a path of letters, digits, "-" and "_", as in "/reports/daily"');
const span = z.strictObject({
  request: gatewayDurationField.meta({ title: 'Request', description: 'How long a request may take from the caller’s point of view, with all that is tried for it.' }),
  backendRequest: gatewayDurationField.optional().meta({ title: 'Attempt', description: 'How long one attempt at a backend may take.' }),
});

export const gatewayApiTimeouts = definePreset({
  name: 'gateway-api-timeouts',
  title: 'Timeouts (Gateway API)',
  category: 'RESILIENCE',
  flavour: 'GATEWAY_API',
  description: 'Ends requests that take too long, for a whole route and otherwise for some of its paths, with an HTTPRoute.',
  notes: [
    GATEWAY_API_NOTE,
    PRODUCER_NOTE,
    'A timeout ends streams as well.',
    'An attempt that runs into its time is retried where a retry says so: gateway-api-retries has timeouts of its own.',
  ],
  parameters: z
    .strictObject({
      ...httpRouteFields,
      backend: z.strictObject(backendFields).meta({ title: 'Backend', description: 'Who answers.' }),
      timeouts: span.meta({ title: 'Timeouts', description: 'For all requests that no path below says otherwise for.' }),
      paths: z
        .array(z.strictObject({ prefix: path.meta({ title: 'Path', description: 'Beginning of the path; whole segments.' }), timeouts: span.meta({ title: 'Timeouts', description: 'For requests below it.' }) }))
        .max(15)
        .default([])
        .meta({ title: 'Paths', description: 'Exceptions; the longest path that matches decides.' }),
    })
    .superRefine(({ timeouts, paths }, context) => {
      const spans = [{ at: ['timeouts'], timeouts }, ...paths.map((one, index) => ({ at: ['paths', index, 'timeouts'], timeouts: one.timeouts }))];
      for (const { at, timeouts: { request, backendRequest } } of spans) {
        if (backendRequest !== undefined && durationMilliseconds(backendRequest) > durationMilliseconds(request)) {
          context.addIssue({ code: 'custom', path: [...at, 'backendRequest'], message: `An attempt of ${backendRequest} cannot outlast its request of ${request}` });
        }
      }
      if (new Set(paths.map(({ prefix }) => prefix)).size < paths.length) context.addIssue({ code: 'custom', path: ['paths'], message: 'Name each path once' });
    }),
  example: {
    namespace: 'shop',
    name: 'reports',
    parent: { kind: 'SERVICE', name: 'reports', port: 8080 },
    backend: { service: 'reports', port: 8080 },
    timeouts: { request: '3s' },
    paths: [{ prefix: '/export', timeouts: { request: '60s' } }],
  },
  render: ({ backend, timeouts, paths, ...route }) => [
    httpRoute(route, [
      ...paths.map((one) => ({ matches: [{ path: { type: 'PathPrefix', value: one.prefix } }], timeouts: presentFields(one.timeouts), backendRefs: [backendRef(backend)] })),
      { timeouts: presentFields(timeouts), backendRefs: [backendRef(backend)] },
    ]),
  ],
});
