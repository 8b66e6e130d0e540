import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { policyFields, trafficPolicy } from '../parameters/destination-fields.ts';
import { ONE_POLICY_PER_HOST, trafficRule } from './service-destination.ts';
import { serviceFields } from '../parameters/service-fields.ts';
import { simpleBalancer, warmup, WARMUP_NOTE } from '../parameters/warmup-fields.ts';

export const leastRequest = definePreset({
  name: 'least-request',
  title: 'Least-request balancing',
  category: 'TRAFFIC',
  flavour: 'ISTIO',
  description: 'Of two endpoints drawn at random, each request goes to the one with fewer requests under way. Right for most services, and above all where some requests take much longer than others.',
  notes: [
    ONE_POLICY_PER_HOST,
    'It is Istio’s own default; this preset states it and adds warm-up, pools and outlier detection.',
    'Each proxy counts its own requests alone. An endpoint that fails fast looks idle and draws more: add outlier detection. That also makes callers keep to the nearest zone.',
    WARMUP_NOTE,
  ],
  parameters: z.strictObject({ ...serviceFields, warmup, ...policyFields }),
  example: { namespace: 'shop', host: 'catalogue', warmup: { duration: '60s' }, outlierDetection: {} },
  render: ({ namespace, host, warmup: settings, ...policy }) => [trafficRule(namespace, host, trafficPolicy(policy, simpleBalancer('LEAST_REQUEST', settings)))],
});
