import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { requestCohort } from '../parameters/cohort.ts';
import { backendFields, backendRef, cohortHeader, GATEWAY_API_NOTE, httpRoute, httpRouteFields, PRODUCER_NOTE } from '../parameters/http-route.ts';

export const gatewayApiBlueGreen = definePreset({
  name: 'gateway-api-blue-green',
  title: 'Blue-green (Gateway API)',
  category: 'TRAFFIC',
  flavour: 'GATEWAY_API',
  description: 'Sends all requests to one of two Services, and cuts over at once when `active` changes, with an HTTPRoute. Testers may look at the other one before.',
  notes: [
    GATEWAY_API_NOTE,
    PRODUCER_NOTE,
    'Both stay backends of the route, the idle one with weight 0: proxies know its endpoints before the cut-over.',
    'Requests under way finish where they began. Each proxy cuts over when it hears of it, so for a second or so both colours answer, and both must understand the same data.',
    'The cut-over does not look whether the new colour has ready pods: without any, callers get 503.',
  ],
  parameters: z
    .strictObject({
      ...httpRouteFields,
      blue: z.strictObject(backendFields).meta({ title: 'Blue', description: 'The blue Service.' }),
      green: z.strictObject(backendFields).meta({ title: 'Green', description: 'The green Service.' }),
      active: z.enum(['BLUE', 'GREEN']).meta({ title: 'Active', description: 'The colour that serves.' }),
      testers: requestCohort.optional().meta({ title: 'Testers', description: 'Requests that see the colour that does not serve.' }),
    })
    .refine(({ blue, green }) => blue.service !== green.service || blue.port !== green.port, { path: ['green'], message: 'Blue and green are the same' }),
  example: {
    namespace: 'shop',
    name: 'checkout',
    parent: { kind: 'SERVICE', name: 'checkout', port: 8080 },
    blue: { service: 'checkout-v41', port: 8080 },
    green: { service: 'checkout-v42', port: 8080 },
    active: 'GREEN',
    testers: { by: 'HEADER', name: 'x-preview', value: 'idle' },
  },
  render: ({ blue, green, active, testers, ...route }) => {
    const [serving, idle] = active === 'BLUE' ? [blue, green] : [green, blue];
    return [
      httpRoute(route, [
        ...(testers === undefined ? [] : [{ matches: [{ headers: [cohortHeader(testers)] }], backendRefs: [backendRef(idle)] }]),
        { backendRefs: [backendRef(serving, 1), backendRef(idle, 0)] },
      ]),
    ];
  },
});
