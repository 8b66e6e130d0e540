import { definePreset, dnsLabelField, objectNameField } from '@meshfleet/manifest';
import type { JsonObject, KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import { policyObject, policyRef, server, serverFields, SERVER_NOTE } from './parameters/server-fields.ts';

const perSecond = z.int().min(1).max(1_000_000);
const { name: serverName, ...podFields } = serverFields;

export const linkerdLocalRateLimit = definePreset({
  name: 'linkerd-local-rate-limit',
  title: 'Local rate limit (Linkerd)',
  category: 'RESILIENCE',
  flavour: 'LINKERD',
  description: 'Each pod behind a Server takes so many requests per second, in all and from each caller, and answers the rest with 429.',
  notes: [
    SERVER_NOTE,
    'A Server that this preset writes lets everybody in unless `access` says otherwise. Where the port has a Server already, only give its name: a second would decide who may enter.',
    'Each proxy counts for itself: ten pods take ten times as many.',
    'A caller is a mesh identity; all callers without one count as a single one.',
    'One rate limit per Server (Linkerd 2.17 and later). A service account that is named under `overrides` has the limit given there in place of the one for each caller.',
  ],
  parameters: z
    .strictObject({
      namespace: podFields.namespace,
      server: serverName.meta({ title: 'Server', description: 'Name of the Server; the limit is named after it.' }),
      create: z
        .strictObject({
          labels: podFields.labels,
          port: podFields.port,
          protocol: podFields.protocol,
          access: z.enum(['all-unauthenticated', 'all-authenticated', 'cluster-unauthenticated', 'cluster-authenticated', 'deny']).default('all-unauthenticated').meta({ title: 'Access', description: 'Who may enter when no AuthorizationPolicy speaks of it.' }),
        })
        .optional()
        .meta({ title: 'Create the Server', description: 'Without it the Server must be there.' }),
      total: perSecond.optional().meta({ title: 'In all', description: 'Requests per second that a pod takes.' }),
      perCaller: perSecond.optional().meta({ title: 'Each caller', description: 'Requests per second that a pod takes from one identity.' }),
      overrides: z
        .array(
          z.strictObject({
            requestsPerSecond: perSecond.meta({ title: 'Requests per second', description: 'From each of these.' }),
            serviceAccounts: z
              .array(z.strictObject({ name: objectNameField.meta({ title: 'Name', description: 'Name of the service account.' }), namespace: dnsLabelField.optional().meta({ title: 'Namespace', description: 'Its namespace; that of the Server by default.' }) }))
              .min(1)
              .meta({ title: 'Service accounts', description: 'Whose limit it is.' }),
          }),
        )
        .default([])
        .meta({ title: 'Overrides', description: 'Callers with a limit of their own.' }),
    })
    .superRefine(({ total, perCaller, overrides }, context) => {
      if (total === undefined && perCaller === undefined && overrides.length === 0) context.addIssue({ code: 'custom', path: [], message: 'Set a limit: in all, for each caller, or for some' });
      const most = Math.max(perCaller ?? 0, ...overrides.map(({ requestsPerSecond }) => requestsPerSecond));
      if (total !== undefined && most > total) context.addIssue({ code: 'custom', path: ['total'], message: `One caller may send ${most} a second, more than the ${total} in all: it would never be reached` });
    }),
  example: {
    namespace: 'shop',
    server: 'search-http',
    create: { labels: { app: 'search' }, port: 8080, protocol: 'HTTP/1' },
    total: 100,
    perCaller: 20,
    overrides: [{ requestsPerSecond: 60, serviceAccounts: [{ name: 'frontend' }] }],
  },
  render: ({ namespace, server: name, create, total, perCaller, overrides }): KubeObject[] => {
    const limit: JsonObject = {
      targetRef: policyRef('Server', name),
      ...(total === undefined ? {} : { total: { requestsPerSecond: total } }),
      ...(perCaller === undefined ? {} : { identity: { requestsPerSecond: perCaller } }),
      ...(overrides.length === 0 ? {} : { overrides: overrides.map(({ requestsPerSecond, serviceAccounts }) => ({ requestsPerSecond, clientRefs: serviceAccounts.map((one): JsonObject => ({ kind: 'ServiceAccount', name: one.name, ...(one.namespace === undefined ? {} : { namespace: one.namespace }) })) })) }),
    };
    return [...(create === undefined ? [] : [server({ namespace, name, ...create }, create.access)]), policyObject('HTTPLocalRateLimitPolicy', 'v1alpha1', namespace, name, limit)];
  },
});
