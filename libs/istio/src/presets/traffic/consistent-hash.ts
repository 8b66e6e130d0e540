import { definePreset, positiveDurationField } from '@meshfleet/manifest';
import type { JsonObject } from '@meshfleet/model';
import { z } from 'zod';
import { policyFields, trafficPolicy } from '../parameters/destination-fields.ts';
import { ONE_POLICY_PER_HOST, trafficRule } from './service-destination.ts';
import { serviceFields } from '../parameters/service-fields.ts';

const hashKey = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('HEADER').meta({ title: 'By header', description: 'Requests with a header.' }), name: z.string().min(1).max(100).regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'Write the name of a header').meta({ title: 'Header', description: 'Name of the header.' }) }),
  z.strictObject({
    by: z.literal('COOKIE').meta({ title: 'By cookie', description: 'Requests with a cookie.' }),
    name: z.string().min(1).max(100).regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'Write the name of a cookie').meta({ title: 'Cookie', description: 'Name of the cookie.' }),
    ttl: z.union([z.literal('0s'), positiveDurationField]).default('0s').meta({ title: 'Lifetime', description: 'Of the cookie that the proxy sets where a request has none; 0s ends with the session.' }),
    path: z.string().max(1_024).regex(/^\//, 'Write a path that begins with "/"').default('/').meta({ title: 'Path', description: 'Path of the cookie that the proxy sets.' }),
  }),
  z.strictObject({ by: z.literal('SOURCE_IP').meta({ title: 'By source address', description: 'The address that the request comes from.' }) }),
  z.strictObject({ by: z.literal('QUERY').meta({ title: 'By query parameter', description: 'A parameter of the query.' }), name: z.string().min(1).max(100).meta({ title: 'Parameter', description: 'Name of the query parameter.' }) }),
]);

export const consistentHash = definePreset({
  name: 'consistent-hash',
  title: 'Consistent-hash balancing',
  category: 'TRAFFIC',
  flavour: 'ISTIO',
  description: 'Sends requests with the same header, cookie, source address or query parameter to the same endpoint, so that caches stay warm and sessions stay together.',
  notes: [
    ONE_POLICY_PER_HOST,
    'It is affinity, not a promise: when endpoints come or go, a part of the keys moves, and ejected endpoints give theirs away. Keep sessions elsewhere.',
    'A request without the header or parameter goes to any endpoint.',
    'SOURCE_IP is the address that the proxy sees: behind a gateway or load balancer that is often one and the same for all.',
    'Hashing holds within one locality and one subset; with locality balancing or weights the same key can live in several.',
    'Few keys with much load each make hot endpoints.',
  ],
  parameters: z.strictObject({
    ...serviceFields,
    key: hashKey.meta({ title: 'Key', description: 'What is hashed.' }),
    algorithm: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('RING_HASH').meta({ title: 'Ring', description: 'Ring hash.' }), minimumRingSize: z.int().min(1).max(8_388_608).default(1_024).meta({ title: 'Ring size', description: 'More shares the keys out more evenly, and costs memory.' }) }),
        z.strictObject({
          type: z.literal('MAGLEV').meta({ title: 'Maglev', description: 'Maglev’s table.' }),
          tableSize: z.int().min(3).max(5_000_011).refine(isPrime, 'The size of the table must be a prime number').default(65_537).meta({ title: 'Table size', description: 'A prime number, well above the number of endpoints.' }),
        }),
      ])
      .default({ type: 'RING_HASH', minimumRingSize: 1_024 })
      .meta({ title: 'Algorithm', description: 'Maglev looks up faster; a ring moves fewer keys when endpoints change.' }),
    ...policyFields,
  }),
  example: { namespace: 'shop', host: 'cart', key: { by: 'COOKIE', name: 'cart-session', ttl: '1h' } },
  render: ({ namespace, host, key, algorithm, ...policy }) => {
    const table: JsonObject = algorithm.type === 'RING_HASH' ? { ringHash: { minimumRingSize: algorithm.minimumRingSize } } : { maglev: { tableSize: algorithm.tableSize } };
    return [trafficRule(namespace, host, trafficPolicy(policy, { consistentHash: { ...hashOf(key), ...table } }))];
  },
});

function hashOf(key: z.output<typeof hashKey>): JsonObject {
  switch (key.by) {
    case 'HEADER':
      return { httpHeaderName: key.name };
    case 'COOKIE':
      return { httpCookie: { name: key.name, path: key.path, ttl: key.ttl } };
    case 'SOURCE_IP':
      return { useSourceIp: true };
    case 'QUERY':
      return { httpQueryParameterName: key.name };
  }
}

function isPrime(candidate: number): boolean {
  for (let factor = 2; factor * factor <= candidate; factor += 1) if (candidate % factor === 0) return false;
  return candidate > 1;
}
