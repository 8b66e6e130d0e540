import { definePreset, labelsField } from '@meshfleet/manifest';
import { z } from 'zod';
import { cohortMatch, requestCohort } from '../parameters/cohort.ts';
import { ONE_ROUTE_PER_HOST, subsetRule } from './service-destination.ts';
import { routeFields } from '../parameters/service-fields.ts';
import { virtualService, type Rule } from './service-route.ts';
import { prepareOnly, PREPARE_NOTE, subsetProblems } from '../parameters/subset-fields.ts';

export const blueGreen = definePreset({
  name: 'blue-green',
  title: 'Blue-green',
  category: 'TRAFFIC',
  flavour: 'ISTIO',
  description: 'Sends all requests of a service to one of two versions, and cuts over at once when `active` changes. Both subsets are always defined, so that the cut-over changes one line of one VirtualService and no request fails.',
  notes: [
    ONE_ROUTE_PER_HOST,
    PREPARE_NOTE,
    'Requests under way finish where they began. Keep the old colour running until its longest request is over, and for as long as you may want to go back.',
    'Each proxy cuts over when it hears of it, within a second or so of each other: for that time both colours answer, so both must understand the same data.',
    'The cut-over does not look whether the new colour has ready pods: without any, callers get 503.',
  ],
  parameters: z
    .strictObject({
      ...routeFields,
      blue: labelsField.meta({ title: 'Blue', description: 'Labels of the blue pods.' }),
      green: labelsField.meta({ title: 'Green', description: 'Labels of the green pods.' }),
      active: z.enum(['BLUE', 'GREEN']).meta({ title: 'Active', description: 'The colour that serves.' }),
      testers: requestCohort.optional().meta({ title: 'Testers', description: 'Requests that see the colour that does not serve.' }),
      prepareOnly,
    })
    .superRefine(({ blue, green }, context) => {
      for (const { message } of subsetProblems([{ name: 'blue', labels: blue }, { name: 'green', labels: green }])) context.addIssue({ code: 'custom', path: ['green'], message });
    }),
  example: {
    namespace: 'shop',
    host: 'checkout',
    blue: { version: 'v41' },
    green: { version: 'v42' },
    active: 'GREEN',
    testers: { by: 'HEADER', name: 'x-preview', value: 'idle' },
  },
  render: (parameters) => {
    const { namespace, host, blue, green, active, testers } = parameters;
    const [serving, idle] = active === 'BLUE' ? ['blue', 'green'] : ['green', 'blue'];
    const rules: Rule[] = testers === undefined ? [] : [{ name: 'testers', match: [cohortMatch(testers)], to: [{ subset: idle }] }];
    rules.push({ name: 'active', to: [{ subset: serving }] });
    const definition = subsetRule(namespace, host, [{ name: 'blue', labels: blue }, { name: 'green', labels: green }]);
    return parameters.prepareOnly ? [definition] : [definition, virtualService(parameters, rules)];
  },
});
