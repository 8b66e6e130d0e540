import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { policyFields, trafficPolicy } from '../parameters/destination-fields.ts';
import { locality, NODE_LABELS_NOTE } from '../parameters/locality-fields.ts';
import { ONE_POLICY_PER_HOST, trafficRule } from './service-destination.ts';
import { serviceFields } from '../parameters/service-fields.ts';

export const localityBalancing = definePreset({
  name: 'locality-balancing',
  title: 'Locality balancing',
  category: 'TRAFFIC',
  flavour: 'ISTIO',
  description: 'Shares the requests that come from a locality out between localities by weight, such as 80 % in the own zone and 20 % in the next.',
  notes: [
    ONE_POLICY_PER_HOST,
    NODE_LABELS_NOTE,
    'A distribution takes the place of failover: Istio allows one of them per rule, and requests whose localities are all down get no others. Use region-failover where the point is to survive.',
    'Callers from a locality that no entry names are balanced as if there were no rule.',
    'Across clusters Istio counts the endpoints behind another network’s gateway as one place; weights there are coarser.',
  ],
  parameters: z
    .strictObject({
      ...serviceFields,
      distribute: z
        .array(
          z.strictObject({
            from: locality.meta({ title: 'From', description: 'Where the caller is.' }),
            to: z
              .array(z.strictObject({ locality: locality.meta({ title: 'Locality', description: 'Where the requests go.' }), weight: z.int().min(1).max(100).meta({ title: 'Weight', description: 'In per cent.' }) }))
              .min(1)
              .meta({ title: 'To', description: 'Localities and their shares, which sum to 100.' }),
          }),
        )
        .min(1)
        .meta({
          title: 'Distribution',
          description: 'One entry per locality of callers.',
          examples: [
            [{ from: 'eu/*', to: [{ locality: 'eu/*', weight: 100 }] }],
            [{ from: 'eu/a/*', to: [{ locality: 'eu/a/*', weight: 70 }, { locality: 'us', weight: 30 }] }, { from: 'us', to: [{ locality: 'us', weight: 100 }] }],
          ],
        }),
      ...policyFields,
    })
    .superRefine(({ distribute }, context) => {
      const seen = new Set<string>();
      for (const [index, { from, to }] of distribute.entries()) {
        if (seen.has(from)) context.addIssue({ code: 'custom', path: ['distribute', index, 'from'], message: `There are two entries for ${from}` });
        seen.add(from);
        const sum = to.reduce((total, { weight }) => total + weight, 0);
        if (sum !== 100) context.addIssue({ code: 'custom', path: ['distribute', index, 'to'], message: `The weights from ${from} sum to ${sum}, not to 100` });
        if (new Set(to.map((one) => one.locality)).size < to.length) context.addIssue({ code: 'custom', path: ['distribute', index, 'to'], message: `A locality stands twice among those from ${from}` });
      }
    }),
  example: {
    namespace: 'shop',
    host: 'inventory',
    distribute: [
      { from: 'eu-central-1/eu-central-1a/*', to: [{ locality: 'eu-central-1/eu-central-1a/*', weight: 80 }, { locality: 'eu-central-1/eu-central-1b/*', weight: 20 }] },
      { from: 'eu-central-1/eu-central-1b/*', to: [{ locality: 'eu-central-1/eu-central-1b/*', weight: 80 }, { locality: 'eu-central-1/eu-central-1a/*', weight: 20 }] },
    ],
  },
  render: ({ namespace, host, distribute, ...policy }) => [
    trafficRule(
      namespace,
      host,
      trafficPolicy(policy, {
        localityLbSetting: {
          enabled: true,
          distribute: distribute.map(({ from, to }) => ({ from, to: Object.fromEntries(to.map(({ locality: place, weight }) => [place, weight])) })),
        },
      }),
    ),
  ],
});
