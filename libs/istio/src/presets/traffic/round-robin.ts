import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { policyFields, trafficPolicy } from '../parameters/destination-fields.ts';
import { ONE_POLICY_PER_HOST, trafficRule } from './service-destination.ts';
import { serviceFields } from '../parameters/service-fields.ts';
import { simpleBalancer, warmup, WARMUP_NOTE } from '../parameters/warmup-fields.ts';

export const roundRobin = definePreset({
  name: 'round-robin',
  title: 'Round-robin balancing',
  category: 'TRAFFIC',
  flavour: 'ISTIO',
  description: 'Each proxy sends its requests to the endpoints in turn. For services whose requests all cost about the same.',
  notes: [
    ONE_POLICY_PER_HOST,
    'Each proxy goes round for itself; many callers with few requests each come close to chance.',
    'Where requests differ in cost, least-request balancing keeps the slow ones from piling up.',
    WARMUP_NOTE,
  ],
  parameters: z.strictObject({ ...serviceFields, warmup, ...policyFields }),
  example: { namespace: 'shop', host: 'thumbnails', warmup: { duration: '2m', minimumPercent: 5 } },
  render: ({ namespace, host, warmup: settings, ...policy }) => [trafficRule(namespace, host, trafficPolicy(policy, simpleBalancer('ROUND_ROBIN', settings)))],
});
