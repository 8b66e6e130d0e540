import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { cohortMatch } from '../parameters/cohort.ts';
import { ONE_ROUTE_PER_HOST, subsetRule } from './service-destination.ts';
import { routeFields } from '../parameters/service-fields.ts';
import { virtualService, type Rule } from './service-route.ts';
import { prepareOnly, PREPARE_NOTE, subsetFields, subsetProblems, testersOf } from '../parameters/subset-fields.ts';

export const weightedCanary = definePreset({
  name: 'weighted-canary',
  title: 'Weighted canary',
  category: 'TRAFFIC',
  flavour: 'ISTIO',
  description: 'Splits the requests of a service between two or more versions by weight, and lets testers see one version always. Move the weights step by step, version by version of the policy.',
  notes: [
    ONE_ROUTE_PER_HOST,
    'Weights share out requests, each by itself: one caller sees both versions. Use an A/B test where a caller must stay with one.',
    'Weights do not scale: the pods of a version must carry its share.',
    PREPARE_NOTE,
    'A retry may go to the other version.',
    'Gateways route with it only when they are named; the mesh sees the split where the caller has a proxy. In ambient mode it needs a waypoint.',
  ],
  parameters: z
    .strictObject({
      ...routeFields,
      subsets: z
        .array(z.strictObject({ ...subsetFields, weight: z.int().min(0).max(100).meta({ title: 'Weight', description: 'Share of the requests in per cent.' }) }))
        .min(2)
        .meta({
          title: 'Subsets',
          description: 'The versions and their shares, which sum to 100.',
          examples: [
            [{ name: 'v1', labels: { version: 'v1' }, weight: 100 }, { name: 'v2', labels: { version: 'v2' }, weight: 0 }],
            [{ name: 'v1', labels: { version: 'v1' }, weight: 50 }, { name: 'v2', labels: { version: 'v2' }, weight: 30 }, { name: 'v3', labels: { version: 'v3' }, weight: 20 }],
          ],
        }),
      testers: testersOf('What testers see.').optional().meta({ title: 'Testers', description: 'Requests that always go to one subset.' }),
      prepareOnly,
    })
    .superRefine(({ subsets, testers }, context) => {
      const sum = subsets.reduce((total, { weight }) => total + weight, 0);
      if (sum !== 100) context.addIssue({ code: 'custom', path: ['subsets'], message: `The weights sum to ${sum}, not to 100` });
      for (const { index, message } of subsetProblems(subsets)) context.addIssue({ code: 'custom', path: ['subsets', index], message });
      if (testers !== undefined && !subsets.some(({ name }) => name === testers.subset)) context.addIssue({ code: 'custom', path: ['testers', 'subset'], message: `There is no subset ${testers.subset}` });
    }),
  example: {
    namespace: 'shop',
    host: 'reviews',
    subsets: [
      { name: 'stable', labels: { version: 'v1' }, weight: 90 },
      { name: 'canary', labels: { version: 'v2' }, weight: 10 },
    ],
    testers: { cohort: { by: 'HEADER', name: 'x-tester', match: 'PRESENT' }, subset: 'canary' },
    timeout: '5s',
  },
  render: (parameters) => {
    const { namespace, host, subsets, testers } = parameters;
    const rules: Rule[] = testers === undefined ? [] : [{ name: 'testers', match: [cohortMatch(testers.cohort)], to: [{ subset: testers.subset }] }];
    rules.push({ name: 'split', to: subsets.map(({ name, weight }) => ({ subset: name, weight })) });
    const definition = subsetRule(namespace, host, subsets);
    return parameters.prepareOnly ? [definition] : [definition, virtualService(parameters, rules)];
  },
});
