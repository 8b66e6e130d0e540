import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { backendFields, backendRef, CALLERS_NOTE, cohortMatch, headerCohort, OLDEST_ROUTE_NOTE, serviceRoute, serviceRouteFields } from './parameters/service-route.ts';

export const linkerdCanary = definePreset({
  name: 'linkerd-canary',
  title: 'Weighted canary and cohorts (Linkerd)',
  category: 'TRAFFIC',
  flavour: 'LINKERD',
  description: 'Splits the requests of a Service between two or more Services by weight, and sends cohorts told by a header to one of them always.',
  notes: [
    CALLERS_NOTE,
    OLDEST_ROUTE_NOTE,
    'Versions are Services of their own, beside the one that callers name.',
    'It uses Linkerd’s own HTTPRoute, which every Linkerd has. Where the Gateway API is installed, gateway-api-canary does the same for both meshes.',
  ],
  parameters: z
    .strictObject({
      ...serviceRouteFields,
      backends: z
        .array(z.strictObject({ ...backendFields, weight: z.int().min(0).max(100).meta({ title: 'Weight', description: 'Share of the requests in per cent.' }) }))
        .min(2)
        .meta({
          title: 'Backends',
          description: 'The Services and their shares, which sum to 100.',
          examples: [[{ service: 'a', port: 80, weight: 90 }, { service: 'b', port: 80, weight: 10 }], [{ service: 'a', port: 80, weight: 0 }, { service: 'b', port: 80, weight: 100 }]],
        }),
      cohorts: z
        .array(z.strictObject({ ...headerCohort.shape, service: backendFields.service.meta({ title: 'Service', description: 'The backend that they see.', examples: ['a', 'b'] }) }))
        .max(15)
        .default([])
        .meta({ title: 'Cohorts', description: 'Requests that always go to one backend.' }),
    })
    .superRefine(({ backends, cohorts }, context) => {
      const sum = backends.reduce((total, { weight }) => total + weight, 0);
      if (sum !== 100) context.addIssue({ code: 'custom', path: ['backends'], message: `The weights sum to ${sum}, not to 100` });
      if (new Set(backends.map(({ service }) => service)).size < backends.length) context.addIssue({ code: 'custom', path: ['backends'], message: 'Name each backend once' });
      for (const [index, { service }] of cohorts.entries()) {
        if (!backends.some((backend) => backend.service === service)) context.addIssue({ code: 'custom', path: ['cohorts', index, 'service'], message: `There is no backend ${service}` });
      }
    }),
  example: {
    namespace: 'shop',
    name: 'reviews-canary',
    service: 'reviews',
    port: 8080,
    backends: [{ service: 'reviews-v1', port: 8080, weight: 90 }, { service: 'reviews-v2', port: 8080, weight: 10 }],
    cohorts: [{ header: 'x-tester', value: 'yes', service: 'reviews-v2' }],
  },
  render: ({ backends, cohorts, ...route }) => [
    serviceRoute(route, [
      ...cohorts.map(({ service, ...cohort }) => ({ matches: [cohortMatch(cohort)], backendRefs: backends.filter((backend) => backend.service === service).map((backend) => backendRef(backend)) })),
      { backendRefs: backends.map((backend) => backendRef(backend, backend.weight)) },
    ]),
  ],
});
