import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { cohortMatch, requestCohort } from '../parameters/cohort.ts';
import { ONE_ROUTE_PER_HOST, subsetRule } from './service-destination.ts';
import { routeFields } from '../parameters/service-fields.ts';
import { virtualService } from './service-route.ts';
import { prepareOnly, PREPARE_NOTE, subsetFields, subsetProblems } from '../parameters/subset-fields.ts';

export const abTest = definePreset({
  name: 'ab-test',
  title: 'A/B test',
  category: 'TRAFFIC',
  flavour: 'ISTIO',
  description: 'Sends cohorts of requests, told by a header or a cookie, to versions of their own, and all others to the control. Who carries the mark stays with one version for as long as it does.',
  notes: [
    ONE_ROUTE_PER_HOST,
    PREPARE_NOTE,
    'The mesh tells cohorts, it does not draw them: the header or cookie must be set by whoever shares out the users, and services must pass it on for calls further in.',
    'Variants are looked at in order; the first cohort that matches decides.',
    'Anybody can send a header. Do not let a cohort open what an AuthorizationPolicy should guard.',
  ],
  parameters: z
    .strictObject({
      ...routeFields,
      control: z.strictObject(subsetFields).meta({ title: 'Control', description: 'What everybody sees who is in no cohort.' }),
      variants: z
        .array(
          z.strictObject({
            ...subsetFields,
            cohorts: z.array(requestCohort).min(1).meta({ title: 'Cohorts', description: 'Requests of any of them see this variant.' }),
          }),
        )
        .min(1)
        .meta({ title: 'Variants', description: 'The versions under test.' }),
      prepareOnly,
    })
    .superRefine(({ control, variants }, context) => {
      for (const { index, message } of subsetProblems([control, ...variants])) context.addIssue({ code: 'custom', path: ['variants', index - 1], message });
    }),
  example: {
    namespace: 'shop',
    host: 'frontend',
    control: { name: 'a', labels: { version: 'v7' } },
    variants: [
      {
        name: 'b',
        labels: { version: 'v8' },
        cohorts: [
          { by: 'COOKIE', name: 'cohort', value: 'b' },
          { by: 'HEADER', name: 'x-cohort', value: 'b' },
        ],
      },
    ],
  },
  render: (parameters) => {
    const { namespace, host, control, variants } = parameters;
    const definition = subsetRule(namespace, host, [control, ...variants]);
    if (parameters.prepareOnly) return [definition];
    return [
      definition,
      virtualService(parameters, [
        ...variants.map(({ name, cohorts }) => ({ name, match: cohorts.map(cohortMatch), to: [{ subset: name }] })),
        { name: control.name, to: [{ subset: control.name }] },
      ]),
    ];
  },
});
