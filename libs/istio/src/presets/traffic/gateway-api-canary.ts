import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { requestCohort } from '../parameters/cohort.ts';
import { backendFields, backendRef, cohortHeader, GATEWAY_API_NOTE, httpRoute, httpRouteFields, PRODUCER_NOTE } from '../parameters/http-route.ts';

export const gatewayApiCanary = definePreset({
  name: 'gateway-api-canary',
  title: 'Weighted canary (Gateway API)',
  category: 'TRAFFIC',
  flavour: 'GATEWAY_API',
  description: 'Splits requests between two or more Services by weight, and lets testers see one of them always, with an HTTPRoute.',
  notes: [
    GATEWAY_API_NOTE,
    PRODUCER_NOTE,
    'Weights are in proportion to their sum in the Gateway API; this preset wants them to sum to 100, so that they read as per cent.',
    'Weights share out requests, each by itself: one caller sees both versions.',
  ],
  parameters: z
    .strictObject({
      ...httpRouteFields,
      backends: z
        .array(z.strictObject({ ...backendFields, weight: z.int().min(0).max(100).meta({ title: 'Weight', description: 'Share of the requests in per cent.' }) }))
        .min(2)
        .max(16)
        .meta({
          title: 'Backends',
          description: 'The Services and their shares, which sum to 100.',
          examples: [[{ service: 'a', port: 80, weight: 100 }, { service: 'b', port: 80, weight: 0 }], [{ service: 'a', port: 80, weight: 50 }, { service: 'b', port: 80, weight: 50 }]],
        }),
      testers: z
        .strictObject({
          cohort: requestCohort.meta({ title: 'Cohort', description: 'Which requests are the testers’.' }),
          service: backendFields.service.meta({ title: 'Service', description: 'The backend that they see.', examples: ['a', 'b'] }),
        })
        .optional()
        .meta({ title: 'Testers', description: 'Requests that always go to one of the backends.' }),
    })
    .superRefine(({ backends, testers }, context) => {
      const sum = backends.reduce((total, { weight }) => total + weight, 0);
      if (sum !== 100) context.addIssue({ code: 'custom', path: ['backends'], message: `The weights sum to ${sum}, not to 100` });
      if (new Set(backends.map(({ service, port }) => `${service}:${port}`)).size < backends.length) context.addIssue({ code: 'custom', path: ['backends'], message: 'Name each backend once' });
      if (testers !== undefined && !backends.some(({ service }) => service === testers.service)) context.addIssue({ code: 'custom', path: ['testers', 'service'], message: `There is no backend ${testers.service}` });
    }),
  example: {
    namespace: 'shop',
    name: 'reviews',
    parent: { kind: 'SERVICE', name: 'reviews', port: 9080 },
    backends: [{ service: 'reviews-v1', port: 9080, weight: 90 }, { service: 'reviews-v2', port: 9080, weight: 10 }],
    testers: { cohort: { by: 'HEADER', name: 'x-tester', value: 'yes' }, service: 'reviews-v2' },
  },
  render: ({ backends, testers, ...route }) => {
    const seen = backends.find(({ service }) => service === testers?.service);
    return [
      httpRoute(route, [
        ...(testers === undefined || seen === undefined ? [] : [{ matches: [{ headers: [cohortHeader(testers.cohort)] }], backendRefs: [backendRef(seen)] }]),
        { backendRefs: backends.map((backend) => backendRef(backend, backend.weight)) },
      ]),
    ];
  },
});
