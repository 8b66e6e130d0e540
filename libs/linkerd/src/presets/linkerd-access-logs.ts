import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { annotated, OWNERS_NOTE, POD_WINS_NOTE, PROXY_START_NOTE, proxyTargetField } from './parameters/proxy-target.ts';

export const linkerdAccessLogs = definePreset({
  name: 'linkerd-access-logs',
  title: 'Access logs (Linkerd)',
  category: 'OBSERVABILITY',
  flavour: 'LINKERD',
  description: 'Lets the proxies of a namespace or of some workloads write a line for each HTTP request that they receive.',
  notes: [
    PROXY_START_NOTE,
    POD_WINS_NOTE,
    OWNERS_NOTE,
    'The lines come out of the container linkerd-proxy. Only requests that a proxy receives are logged, not those that it sends, and nothing that is not HTTP.',
    'It costs CPU and disk with each request, and Linkerd has no condition for it: all requests are logged or none.',
    'Metrics need no preset: each proxy serves them, and Linkerd has no way to trim their dimensions.',
  ],
  parameters: z.strictObject({
    target: proxyTargetField,
    format: z.enum(['JSON', 'APACHE']).default('JSON').meta({ title: 'Format', description: 'JSON, or the common log format of Apache.' }),
  }),
  example: { target: { of: 'WORKLOADS', namespace: 'shop', workloads: [{ name: 'checkout' }] }, format: 'JSON' },
  render: ({ target, format }) => annotated(target, { 'config.linkerd.io/access-log': format.toLowerCase() }),
});
