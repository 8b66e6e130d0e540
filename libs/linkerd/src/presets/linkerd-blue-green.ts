import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { backendFields, backendRef, CALLERS_NOTE, cohortMatch, headerCohort, OLDEST_ROUTE_NOTE, serviceRoute, serviceRouteFields } from './parameters/service-route.ts';

export const linkerdBlueGreen = definePreset({
  name: 'linkerd-blue-green',
  title: 'Blue-green (Linkerd)',
  category: 'TRAFFIC',
  flavour: 'LINKERD',
  description: 'Sends all requests of a Service to one of two Services, and cuts over at once when `active` changes. Testers may look at the other one before.',
  notes: [
    CALLERS_NOTE,
    OLDEST_ROUTE_NOTE,
    'Blue and green are Services of their own, beside the one that callers name.',
    'Both stay backends of the route, the idle one with weight 0: callers know its endpoints before the cut-over.',
    'Requests under way finish where they began. Each proxy cuts over when it hears of it, so for a second or so both colours answer.',
    'The cut-over does not look whether the new colour has ready pods: without any, callers get 503.',
  ],
  parameters: z
    .strictObject({
      ...serviceRouteFields,
      blue: z.strictObject(backendFields).meta({ title: 'Blue', description: 'The blue Service.' }),
      green: z.strictObject(backendFields).meta({ title: 'Green', description: 'The green Service.' }),
      active: z.enum(['BLUE', 'GREEN']).meta({ title: 'Active', description: 'The colour that serves.' }),
      testers: headerCohort.optional().meta({ title: 'Testers', description: 'Requests that see the colour that does not serve.' }),
    })
    .refine(({ blue, green }) => blue.service !== green.service || blue.port !== green.port, { path: ['green'], message: 'Blue and green are the same' }),
  example: {
    namespace: 'shop',
    name: 'checkout-colours',
    service: 'checkout',
    port: 8080,
    blue: { service: 'checkout-v41', port: 8080 },
    green: { service: 'checkout-v42', port: 8080 },
    active: 'GREEN',
    testers: { header: 'x-preview', value: 'idle' },
  },
  render: ({ blue, green, active, testers, ...route }) => {
    const [serving, idle] = active === 'BLUE' ? [blue, green] : [green, blue];
    return [
      serviceRoute(route, [
        ...(testers === undefined ? [] : [{ matches: [cohortMatch(testers)], backendRefs: [backendRef(idle)] }]),
        { backendRefs: [backendRef(serving, 1), backendRef(idle, 0)] },
      ]),
    ];
  },
});
