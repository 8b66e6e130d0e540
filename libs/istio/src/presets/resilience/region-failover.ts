import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { connectionPool, outlierDetection, retryBudget, trafficPolicy } from '../parameters/destination-fields.ts';
import { NODE_LABELS_NOTE, region } from '../parameters/locality-fields.ts';
import { serviceFields } from '../parameters/service-fields.ts';
import { ONE_POLICY_PER_HOST, trafficRule } from '../traffic/service-destination.ts';

export const regionFailover = definePreset({
  name: 'region-failover',
  title: 'Failover between regions',
  category: 'RESILIENCE',
  flavour: 'ISTIO',
  description: 'Keeps requests in their own region while its endpoints are healthy, and sends them to a named region when they are not. Writes the outlier detection without which Istio never fails over.',
  notes: [
    ONE_POLICY_PER_HOST,
    NODE_LABELS_NOTE,
    'Failover without outlier detection does nothing, in silence: this preset always writes both. A distribution by weight (locality-balancing) takes its place and cannot stand beside it.',
    'It moves a share of the requests as soon as fewer than about 70 % of a region’s endpoints are left, not only when all are gone.',
    'Ejected endpoints at most is 100 % here: with Istio’s own 10 %, a region whose endpoints all fail would keep nine in ten of them.',
    'The other region’s endpoints must be known: its cluster must be in the same mesh, and reachable.',
  ],
  parameters: z
    .strictObject({
      ...serviceFields,
      failover: z
        .array(z.strictObject({ from: region.meta({ title: 'From', description: 'Region of the caller.' }), to: region.meta({ title: 'To', description: 'Region that takes over.' }) }))
        .min(1)
        .meta({ title: 'Failover', description: 'One entry per region of callers. Callers of other regions go to whatever is left.', examples: [[{ from: 'eu', to: 'us' }], [{ from: 'eu', to: 'us' }, { from: 'us', to: 'eu' }]] }),
      outlierDetection: outlierDetection
        .default({ consecutive5xxErrors: 5, interval: '10s', baseEjectionTime: '30s', maxEjectionPercent: 100 })
        .meta({ title: 'Outlier detection', description: 'When an endpoint counts as failed.' }),
      connectionPool: connectionPool.optional(),
      retryBudget: retryBudget.optional(),
    })
    .superRefine(({ failover, outlierDetection: outliers }, context) => {
      const seen = new Set<string>();
      for (const [index, { from, to }] of failover.entries()) {
        if (from === to) context.addIssue({ code: 'custom', path: ['failover', index, 'to'], message: `${from} cannot take over from itself` });
        if (seen.has(from)) context.addIssue({ code: 'custom', path: ['failover', index, 'from'], message: `There are two entries for ${from}` });
        seen.add(from);
      }
      if (outliers.consecutive5xxErrors === 0 && (outliers.consecutiveGatewayErrors ?? 0) === 0) {
        context.addIssue({ code: 'custom', path: ['outlierDetection'], message: 'Count errors of some kind: endpoints that are never ejected are never failed over from' });
      }
    }),
  example: { namespace: 'shop', host: 'payments', failover: [{ from: 'eu-central-1', to: 'eu-west-1' }, { from: 'eu-west-1', to: 'eu-central-1' }] },
  render: ({ namespace, host, failover, ...policy }) => [
    trafficRule(namespace, host, trafficPolicy(policy, { localityLbSetting: { enabled: true, failover } })),
  ],
});
