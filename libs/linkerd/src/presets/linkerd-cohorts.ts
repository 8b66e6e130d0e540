import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { backendFields, backendRef, CALLERS_NOTE, cohortMatch, headerCohort, OLDEST_ROUTE_NOTE, serviceRoute, serviceRouteFields } from './parameters/service-route.ts';

export const linkerdCohorts = definePreset({
  name: 'linkerd-cohorts',
  title: 'A/B test (Linkerd)',
  category: 'TRAFFIC',
  flavour: 'LINKERD',
  description: 'Sends cohorts of requests, told by a header, to Services of their own, and all others to the control.',
  notes: [
    CALLERS_NOTE,
    OLDEST_ROUTE_NOTE,
    'Control and variants are Services of their own; the control may be the Service itself.',
    'A request that fits several cohorts goes to the first of them in the list.',
    'Headers must be passed on from call to call by the applications, or only the first hop knows the cohort. For cookies use a regular expression of the header cookie.',
  ],
  parameters: z.strictObject({
    ...serviceRouteFields,
    control: z.strictObject(backendFields).meta({ title: 'Control', description: 'What everybody sees who is in no cohort.' }),
    variants: z
      .array(z.strictObject({ ...backendFields, cohorts: z.array(headerCohort).min(1).max(8).meta({ title: 'Cohorts', description: 'Requests of any of them see this variant.' }) }))
      .min(1)
      .max(15)
      .meta({ title: 'Variants', description: 'The Services under test.' }),
  }),
  example: {
    namespace: 'shop',
    name: 'frontend-test',
    service: 'frontend',
    port: 8080,
    control: { service: 'frontend', port: 8080 },
    variants: [{ service: 'frontend-next', port: 8080, cohorts: [{ header: 'x-cohort', value: 'b' }, { header: 'cookie', match: 'REGEX', value: '.*cohort=b.*' }] }],
  },
  render: ({ control, variants, ...route }) => [
    serviceRoute(route, [...variants.map((variant) => ({ matches: variant.cohorts.map(cohortMatch), backendRefs: [backendRef(variant)] })), { backendRefs: [backendRef(control)] }]),
  ],
});
