import { definePreset, durationMilliseconds, positiveDurationField } from '@meshfleet/manifest';
import type { Json, JsonObject } from '@meshfleet/model';
import { z } from 'zod';
import { beforeRouter, ENVOY_FILTER_NOTE, limitedFields } from '../parameters/rate-limit-fields.ts';

const limit = z
  .strictObject({
    requests: z.int().min(1).max(10_000_000).meta({ title: 'Requests', description: 'So many requests in each period.' }),
    per: positiveDurationField
      .refine((text) => durationMilliseconds(text) >= 50, 'Must be at least 50ms')
      .default('1s')
      .meta({ title: 'Period', description: 'How often as many are allowed again.' }),
    burst: z.int().min(1).max(10_000_000).optional().meta({ title: 'Burst', description: 'So many at once after a quiet time; as many as in a period by default.' }),
  })
  .refine(({ requests, burst }) => burst === undefined || burst >= requests, { path: ['burst'], message: 'A burst is at least what a period allows' });

const path = z.string().max(1_024).regex(/^\/[^\s?#]*$/, 'Must be a path that begins with "/", as in "/search"').meta({ examples: ['/search', '/a/b'] });

const condition = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('PATH').meta({ title: 'By path', description: 'Requests below a path.' }), prefix: path.meta({ title: 'Path', description: 'Beginning of the path.' }) }),
  z.strictObject({
    by: z.literal('HEADER').meta({ title: 'By header', description: 'Requests with a header.' }),
    name: z.string().max(100).regex(/^[a-z0-9][-a-z0-9_]*$/, 'Must be the name of a header in lower case, as in "x-plan"').meta({ title: 'Header', description: 'Name in lower case.' }),
    value: z.string().min(1).max(1_024).meta({ title: 'Value', description: 'Its exact value.' }),
  }),
]);

export const localRateLimit = definePreset({
  name: 'local-rate-limit',
  title: 'Local rate limit',
  category: 'RESILIENCE',
  flavour: 'ISTIO',
  description: 'Each proxy of a workload or gateway lets so many requests pass and answers the rest with 429, with limits of their own for paths and headers. Needs no service beside it.',
  notes: [
    ENVOY_FILTER_NOTE,
    'Each proxy counts for itself: ten pods let ten times as many pass, and an autoscaler moves the limit. For one limit over all use global-rate-limit.',
    'A request of one of the rules counts against that rule alone, of several against each; all others count against the overall limit.',
    'Probes of the kubelet do not pass the filter; scrapers and callers inside the mesh do, and are counted.',
    'A dry run counts and sets the metric http_local_rate_limiter.rate_limited, but refuses nothing.',
  ],
  parameters: z
    .strictObject({
      ...limitedFields,
      limit: limit.meta({ title: 'Limit', description: 'For all requests that no rule is about.' }),
      rules: z
        .array(
          z.strictObject({
            name: limitedFields.name.meta({ title: 'Name', description: 'Name of the rule.' }),
            when: condition.meta({ title: 'When', description: 'Which requests it is about.' }),
            limit: limit.meta({ title: 'Limit', description: 'For these requests.' }),
          }),
        )
        .default([])
        .meta({ title: 'Rules', description: 'Limits of their own for paths and headers.' }),
      dryRun: z.boolean().default(false).meta({ title: 'Dry run', description: 'Counts, and lets everything pass.' }),
    })
    .superRefine(({ limit: overall, rules }, context) => {
      const names = new Set<string>();
      for (const [index, { name, limit: own }] of rules.entries()) {
        if (names.has(name)) context.addIssue({ code: 'custom', path: ['rules', index, 'name'], message: `There are two rules named ${name}` });
        names.add(name);
        if (durationMilliseconds(own.per) % durationMilliseconds(overall.per) !== 0) {
          context.addIssue({ code: 'custom', path: ['rules', index, 'limit', 'per'], message: `Proxies refill all limits in one beat: the period must be a multiple of the overall ${overall.per}` });
        }
      }
    }),
  example: {
    name: 'search-limit',
    namespace: 'shop',
    labels: { app: 'search' },
    limit: { requests: 100, per: '1s' },
    rules: [
      { name: 'suggest', when: { by: 'PATH', prefix: '/suggest' }, limit: { requests: 20, per: '1s' } },
      { name: 'free-plan', when: { by: 'HEADER', name: 'x-plan', value: 'free' }, limit: { requests: 60, per: '60s' } },
    ],
  },
  render: (parameters) => {
    const { name, namespace, labels, limit: overall, rules, dryRun } = parameters;
    const filter: JsonObject = {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
      stat_prefix: 'http_local_rate_limiter',
      token_bucket: bucket(overall),
      filter_enabled: { default_value: { numerator: 100, denominator: 'HUNDRED' } },
      filter_enforced: { default_value: { numerator: dryRun ? 0 : 100, denominator: 'HUNDRED' } },
      ...(rules.length === 0
        ? {}
        : {
            always_consume_default_token_bucket: false,
            descriptors: rules.map((rule) => ({ entries: [{ key: 'rule', value: rule.name }], token_bucket: bucket(rule.limit) })),
            rate_limits: rules.map((rule): Json => ({ actions: [{ header_value_match: { descriptor_key: 'rule', descriptor_value: rule.name, headers: [headerOf(rule.when)] } }] })),
          }),
    };
    return [
      {
        apiVersion: 'networking.istio.io/v1alpha3',
        kind: 'EnvoyFilter',
        metadata: { name, namespace },
        spec: {
          workloadSelector: { labels },
          // Without one, filters of equal rank come in the order of their age.
          priority: 10,
          configPatches: [beforeRouter(parameters, { name: 'envoy.filters.http.local_ratelimit', typed_config: filter })],
        },
      },
    ];
  },
});

function bucket({ requests, per, burst = requests }: z.output<typeof limit>): JsonObject {
  return { max_tokens: burst, tokens_per_fill: requests, fill_interval: `${durationMilliseconds(per) / 1_000}s` };
}

function headerOf(when: z.output<typeof condition>): JsonObject {
  return when.by === 'PATH' ? { name: ':path', string_match: { prefix: when.prefix } } : { name: when.name, string_match: { exact: when.value } };
}
