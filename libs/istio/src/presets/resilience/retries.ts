import { definePreset, durationMilliseconds } from '@meshfleet/manifest';
import { z } from 'zod';
import { retryBudget, trafficPolicy } from '../parameters/destination-fields.ts';
import { retryFields, routeFields } from '../parameters/service-fields.ts';
import { ONE_ROUTE_PER_HOST, trafficRule } from '../traffic/service-destination.ts';
import { retryPolicy, virtualService, type Rule } from '../traffic/service-route.ts';

const { retries: _retries, ...sharedFields } = routeFields;

export const retries = definePreset({
  name: 'retries',
  title: 'Retries with a budget',
  category: 'RESILIENCE',
  flavour: 'ISTIO',
  description: 'Says how often, on what and for how long a failed request is sent again, for which methods, and bounds all retries of a caller by a budget so that a failing service is not buried under them.',
  notes: [
    ONE_ROUTE_PER_HOST,
    'Istio retries twice by default, on connection failures and 503, also what is not safe to repeat. `methods` leaves the others without any.',
    'The budget is a circuit breaker of each caller’s proxy (DestinationRule, Istio 1.28 and later): retries beyond it are not made, and the first answer is passed on. Without one Istio bounds nothing.',
    'The budget is the traffic policy of the host, of which there is one: leave it out here where another preset writes one, and set it there.',
    'Attempts multiply along a chain of services: three hops with three attempts each may call the last one 64 times. Retry at the edge or next to the failure, not everywhere.',
    'A timeout bounds a request with all its retries. If it is shorter than attempts times time per attempt, the last ones are cut off.',
    'Proxies wait between attempts, 25 ms and then longer; a body above the proxy’s buffer is not sent again.',
  ],
  parameters: z
    .strictObject({
      ...sharedFields,
      ...retryFields,
      methods: z
        .array(z.enum(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH']))
        .min(1)
        .refine((methods) => new Set(methods).size === methods.length, 'Name each method once')
        .optional()
        .meta({ title: 'Methods', description: 'Requests of other methods are not retried. Without it all are.', examples: [['GET', 'HEAD'], ['GET']] }),
      budget: retryBudget.optional(),
    })
    .superRefine(({ attempts, timeout, perTryTimeout, methods, budget }, context) => {
      if (timeout !== undefined && perTryTimeout !== undefined && attempts > 0 && durationMilliseconds(timeout) <= durationMilliseconds(perTryTimeout)) {
        context.addIssue({ code: 'custom', path: ['timeout'], message: `The request ends after ${timeout}, before a first attempt of ${perTryTimeout} can be retried` });
      }
      if (attempts === 0 && methods !== undefined) context.addIssue({ code: 'custom', path: ['methods'], message: 'There are no attempts to give to some methods: leave it out' });
      if (attempts === 0 && budget !== undefined) context.addIssue({ code: 'custom', path: ['budget'], message: 'There are no attempts to bound: leave it out' });
    }),
  example: {
    namespace: 'shop',
    host: 'ratings',
    attempts: 3,
    perTryTimeout: '500ms',
    retryOn: ['connect-failure', 'refused-stream', 'reset', 503],
    methods: ['GET', 'HEAD'],
    timeout: '2s',
    budget: { percent: 20, minRetryConcurrency: 3 },
  },
  render: ({ attempts, perTryTimeout, retryOn, methods, budget, ...route }) => {
    const policy = retryPolicy({ attempts, perTryTimeout, retryOn });
    const rules: Rule[] =
      methods === undefined
        ? [{ name: 'retried', to: [{}], more: { retries: policy } }]
        : [
            { name: 'retried', match: methods.map((method) => ({ method: { exact: method } })), to: [{}], more: { retries: policy } },
            { name: 'once', to: [{}], more: { retries: { attempts: 0 } } },
          ];
    const service = virtualService(route, rules);
    return budget === undefined ? [service] : [trafficRule(route.namespace, route.host, trafficPolicy({ retryBudget: budget })), service];
  },
});
