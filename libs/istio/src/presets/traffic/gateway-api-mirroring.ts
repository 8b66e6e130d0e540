import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { backendFields, backendRef, GATEWAY_API_NOTE, httpRoute, httpRouteFields, PRODUCER_NOTE } from '../parameters/http-route.ts';

export const gatewayApiMirroring = definePreset({
  name: 'gateway-api-mirroring',
  title: 'Mirroring (Gateway API)',
  category: 'TRAFFIC',
  flavour: 'GATEWAY_API',
  description: 'Sends a copy of a share of the requests to another Service and throws its answers away, with an HTTPRoute.',
  notes: [
    GATEWAY_API_NOTE,
    PRODUCER_NOTE,
    'Copies are real requests: a mirror that writes, mails or charges does so twice.',
    'Linkerd does not mirror: it refuses the filter.',
    'The share is a whole number of per cent.',
  ],
  parameters: z
    .strictObject({
      ...httpRouteFields,
      backend: z.strictObject(backendFields).meta({ title: 'Backend', description: 'Who answers.' }),
      mirror: z.strictObject(backendFields).meta({ title: 'Mirror', description: 'Who gets the copies.' }),
      percentage: z.int().min(1).max(100).default(100).meta({ title: 'Percentage', description: 'Share of the requests that are copied.' }),
    })
    .refine(({ backend, mirror }) => backend.service !== mirror.service || backend.port !== mirror.port, { path: ['mirror'], message: 'The mirror is the backend itself: it would get everything twice' }),
  example: {
    namespace: 'shop',
    name: 'search',
    parent: { kind: 'SERVICE', name: 'search' },
    backend: { service: 'search', port: 8080 },
    mirror: { service: 'search-next', port: 8080 },
    percentage: 5,
  },
  render: ({ backend, mirror, percentage: percent, ...route }) => [
    httpRoute(route, [
      {
        filters: [{ type: 'RequestMirror', requestMirror: { backendRef: backendRef(mirror), ...(percent === 100 ? {} : { percent }) } }],
        backendRefs: [backendRef(backend)],
      },
    ]),
  ],
});
