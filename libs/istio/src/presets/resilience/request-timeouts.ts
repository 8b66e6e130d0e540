import { definePreset, positiveDurationField } from '@meshfleet/manifest';
import { z } from 'zod';
import { routeFields } from '../parameters/service-fields.ts';
import { ONE_ROUTE_PER_HOST } from '../traffic/service-destination.ts';
import { virtualService, type Rule } from '../traffic/service-route.ts';

const path = z.string().max(1_024).regex(/^\/[^\s?#]*$/, 'Must be a path that begins with "/", as in "/reports"').meta({ examples: ['/reports', '/a/b'] });

export const requestTimeouts = definePreset({
  name: 'request-timeouts',
  title: 'Timeouts',
  category: 'RESILIENCE',
  flavour: 'ISTIO',
  description: 'Ends requests that take too long with 504, for a whole service and otherwise for some of its paths.',
  notes: [
    ONE_ROUTE_PER_HOST,
    'Istio has no timeout by default: a request waits as long as its caller does.',
    'It bounds a request with all its retries, from the last byte that the caller has sent.',
    'A timeout ends streams as well: give paths with server-sent events, WebSockets or long polls a longer one of their own.',
    'The service is not told to stop working, unless it notices the closed stream.',
    'Give callers longer timeouts than the services that they call, or the inner ones never take effect.',
  ],
  parameters: z
    .strictObject({
      ...routeFields,
      timeout: positiveDurationField.meta({ title: 'Timeout', description: 'For all requests that no path below says otherwise for.' }),
      paths: z
        .array(
          z.strictObject({
            prefix: path.meta({ title: 'Path', description: 'Beginning of the path; whole segments.' }),
            timeout: positiveDurationField.meta({ title: 'Timeout', description: 'For requests below it.' }),
          }),
        )
        .default([])
        .meta({ title: 'Paths', description: 'Exceptions; the longest path that matches decides.' }),
    })
    .superRefine(({ paths }, context) => {
      const seen = new Set<string>();
      for (const [index, { prefix }] of paths.entries()) {
        const bare = withoutSlash(prefix);
        if (seen.has(bare)) context.addIssue({ code: 'custom', path: ['paths', index, 'prefix'], message: `${prefix} stands twice` });
        seen.add(bare);
      }
    }),
  example: { namespace: 'shop', host: 'reports', timeout: '3s', paths: [{ prefix: '/export', timeout: '60s' }] },
  render: (parameters) => {
    const longestFirst = [...parameters.paths].sort((left, right) => right.prefix.length - left.prefix.length);
    const rules: Rule[] = longestFirst.map(({ prefix, timeout }, index) => ({ name: `path-${index + 1}`, match: segments(prefix), to: [{}], more: { timeout } }));
    return [virtualService(parameters, [...rules, { name: 'default', to: [{}] }])];
  },
});

function withoutSlash(prefix: string): string {
  return prefix.replace(/\/+$/, '');
}

/** `/export` and what lies below it, but not `/exports`. */
function segments(prefix: string): { uri: { exact: string } | { prefix: string } }[] {
  const bare = withoutSlash(prefix);
  return [...(bare === '' ? [] : [{ uri: { exact: bare } }]), { uri: { prefix: `${bare}/` } }];
}
