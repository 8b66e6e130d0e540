import { celSyntaxError, durationMilliseconds, positiveDurationField, presentFields } from '@meshfleet/manifest';
import type { JsonObject } from '@meshfleet/model';
import { z } from 'zod';

const METRICS = ['REQUEST_COUNT', 'REQUEST_DURATION', 'REQUEST_SIZE', 'RESPONSE_SIZE', 'TCP_OPENED_CONNECTIONS', 'TCP_CLOSED_CONNECTIONS', 'TCP_SENT_BYTES', 'TCP_RECEIVED_BYTES', 'GRPC_REQUEST_MESSAGES', 'GRPC_RESPONSE_MESSAGES'] as const;

const modeField = z.enum(['CLIENT_AND_SERVER', 'CLIENT', 'SERVER']).default('CLIENT_AND_SERVER');
const providerField = z.string().min(1);
const tagName = z.string().regex(/^[a-z][a-z0-9_]*$/, 'Must be the name of a label, as in "source_principal"');
const unique = <Item>(items: readonly Item[]): boolean => new Set(items).size === items.length;

/** What of Istio’s metrics is left out. */
export const metricTrimming = {
  provider: providerField.default('prometheus').meta({ title: 'Provider', description: 'Extension provider of the metrics.' }),
  removeTags: z
    .array(tagName.meta({ examples: ['source_principal', 'destination_principal', 'source_version', 'connection_security_policy'] }))
    .default([])
    .refine(unique, 'Name each label once')
    .meta({ title: 'Remove labels', description: 'Labels that go from all metrics, as source_principal, destination_principal, source_version, request_protocol, response_flags.' }),
  disableMetrics: z.array(z.enum(METRICS)).default([]).refine(unique, 'Name each metric once').meta({ title: 'Switch off', description: 'Metrics that are not kept at all.' }),
  reporter: modeField.meta({ title: 'Reporter', description: 'Whose metrics: those that clients’ proxies write, those of servers’, or both.' }),
};

/** ALL_METRICS first: an entry for one metric adds to it. */
export function metricsSection({ provider, removeTags, disableMetrics, reporter }: z.output<z.ZodObject<typeof metricTrimming>>): JsonObject {
  const match = (metric: string): JsonObject => ({ metric, mode: reporter });
  const removals = removeTags.length === 0 ? [] : [{ match: match('ALL_METRICS'), tagOverrides: Object.fromEntries(removeTags.map((tag) => [tag, { operation: 'REMOVE' }])) }];
  return { providers: [{ name: provider }], overrides: [...removals, ...disableMetrics.map((metric) => ({ match: match(metric), disabled: true }))] };
}

const customTag = z
  .strictObject({
    tag: z.string().min(1).meta({ title: 'Tag', description: 'Name of the tag in the span.' }),
    literal: z.string().min(1).optional().meta({ title: 'Fixed value', description: 'The value itself.' }),
    header: z.string().regex(/^[-_A-Za-z0-9]+$/, 'Must be the name of a header').optional().meta({ title: 'From header', description: 'Header of the request that carries the value.' }),
    environment: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'Must be the name of a variable').optional().meta({ title: 'From environment', description: 'Variable of the proxy’s environment that carries the value.' }),
    defaultValue: z.string().min(1).optional().meta({ title: 'Default', description: 'Value where header or variable are absent.' }),
  })
  .refine(({ literal, header, environment }) => [literal, header, environment].filter((source) => source !== undefined).length === 1, 'Give one source: a fixed value, a header or a variable')
  .refine(({ literal, defaultValue }) => literal === undefined || defaultValue === undefined, { path: ['defaultValue'], message: 'A fixed value needs no default' });

/** Which share of requests is traced, and where spans go. */
export const traceSampling = {
  percentage: z.number().min(0).max(100).meta({ title: 'Percentage', description: 'Share of the requests that begin a trace. 0 traces only those whose caller asked for it.' }),
  provider: providerField.optional().meta({ title: 'Provider', description: 'Extension provider that takes the spans; the mesh’s default if none is named.' }),
  customTags: z.array(customTag).max(32).default([]).refine((tags) => unique(tags.map(({ tag }) => tag)), 'Name each tag once').meta({ title: 'Tags', description: 'Tags for every span.' }),
  disableSpans: z.boolean().default(false).meta({ title: 'No spans', description: 'Write no spans here, and hand trace headers on nevertheless.' }),
  istioTags: z.boolean().default(true).meta({ title: 'Istio’s tags', description: 'Keep the tags that Istio adds: mesh, cluster, workload, canonical service.' }),
};

export function tracingSection({ percentage, provider, customTags, disableSpans, istioTags }: z.output<z.ZodObject<typeof traceSampling>>): JsonObject {
  return presentFields({
    providers: provider === undefined ? undefined : [{ name: provider }],
    randomSamplingPercentage: percentage,
    customTags: customTags.length === 0 ? undefined : Object.fromEntries(customTags.map((one) => [one.tag, tagSource(one)])),
    disableSpanReporting: disableSpans ? true : undefined,
    enableIstioTags: istioTags ? undefined : false,
  });
}

function tagSource({ literal, header, environment, defaultValue }: z.output<typeof customTag>): JsonObject {
  if (literal !== undefined) return { literal: { value: literal } };
  return header === undefined ? { environment: presentFields({ name: environment, defaultValue }) } : { header: presentFields({ name: header, defaultValue }) };
}

/** Which requests an access log line is written for. */
export const accessLogConditions = {
  provider: providerField.default('envoy').meta({ title: 'Provider', description: 'Extension provider of the log; "envoy" writes to the standard output of the proxy.' }),
  reporter: modeField.meta({ title: 'Reporter', description: 'Whose log: clients’ proxies (gateways count as such), servers’, or both.' }),
  statusFrom: z.int().min(100).max(599).optional().meta({ title: 'Status from', description: 'Requests answered with this status or a higher one.' }),
  slowerThan: positiveDurationField.optional().meta({ title: 'Slower than', description: 'Requests that take longer.' }),
  withoutMutualTls: z.boolean().default(false).meta({ title: 'Without mutual TLS', description: 'Requests and connections that come without a certificate of the mesh.' }),
  expression: z
    .string()
    .max(4096)
    .refine((text) => celSyntaxError(text) === undefined, 'Must be an expression in CEL, as in "request.url_path.startsWith(\'/admin\')"')
    .optional()
    .meta({ title: 'Expression', description: 'A condition of your own, in CEL over Envoy’s attributes.', examples: ["request.url_path.startsWith('/admin')", "request.method == 'DELETE'", '!has(request.useragent)'] }),
};

export function hasCondition({ statusFrom, slowerThan, withoutMutualTls, expression }: Omit<z.output<z.ZodObject<typeof accessLogConditions>>, 'provider' | 'reporter'>): boolean {
  return statusFrom !== undefined || slowerThan !== undefined || withoutMutualTls || expression !== undefined;
}

/** One line if any of the conditions holds. An attribute that is absent (a TCP connection has no status) fails its condition, not the others. */
export function accessLogSection({ provider, reporter, statusFrom, slowerThan, withoutMutualTls, expression }: z.output<z.ZodObject<typeof accessLogConditions>>): JsonObject {
  const conditions = [
    ...(statusFrom === undefined ? [] : [`response.code >= ${String(statusFrom)}`]),
    ...(slowerThan === undefined ? [] : [`request.duration > duration("${String(durationMilliseconds(slowerThan))}ms")`]),
    ...(withoutMutualTls ? ['!connection.mtls'] : []),
    ...(expression === undefined ? [] : [expression]),
  ];
  return { match: { mode: reporter }, providers: [{ name: provider }], filter: { expression: conditions.length === 1 ? conditions.join('') : conditions.map((one) => `(${one})`).join(' || ') } };
}
