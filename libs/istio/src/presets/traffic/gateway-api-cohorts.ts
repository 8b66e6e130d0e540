import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { requestCohort } from '../parameters/cohort.ts';
import { backendFields, backendRef, cohortHeader, GATEWAY_API_NOTE, httpRoute, httpRouteFields, PRODUCER_NOTE } from '../parameters/http-route.ts';

export const gatewayApiCohorts = definePreset({
  name: 'gateway-api-cohorts',
  title: 'A/B test (Gateway API)',
  category: 'TRAFFIC',
  flavour: 'GATEWAY_API',
  description: 'Sends cohorts of requests, told by a header or a cookie, to Services of their own, and all others to the control, with an HTTPRoute.',
  notes: [
    GATEWAY_API_NOTE,
    PRODUCER_NOTE,
    'Which rule decides when a request fits several is settled by the Gateway API (the most headers, then the first in the list), not by the order alone.',
    'Cookies and prefixes become regular expressions of headers, which not every implementation supports; Istio and Linkerd do.',
  ],
  parameters: z.strictObject({
    ...httpRouteFields,
    control: z.strictObject(backendFields).meta({ title: 'Control', description: 'What everybody sees who is in no cohort.' }),
    variants: z
      .array(
        z.strictObject({
          ...backendFields,
          cohorts: z.array(requestCohort).min(1).max(64).meta({ title: 'Cohorts', description: 'Requests of any of them see this variant.' }),
        }),
      )
      .min(1)
      .max(15)
      .meta({ title: 'Variants', description: 'The Services under test.' }),
  }),
  example: {
    namespace: 'shop',
    name: 'frontend',
    parent: { kind: 'GATEWAY', name: 'public', namespace: 'gateways', hosts: ['shop.example.com'] },
    control: { service: 'frontend', port: 8080 },
    variants: [{ service: 'frontend-next', port: 8080, cohorts: [{ by: 'COOKIE', name: 'cohort', value: 'b' }, { by: 'HEADER', name: 'x-cohort', value: 'b' }] }],
  },
  render: ({ control, variants, ...route }) => [
    httpRoute(route, [
      ...variants.map((variant) => ({ matches: variant.cohorts.map((cohort) => ({ headers: [cohortHeader(cohort)] })), backendRefs: [backendRef(variant)] })),
      { backendRefs: [backendRef(control)] },
    ]),
  ],
});
