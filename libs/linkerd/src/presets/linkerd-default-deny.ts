import { definePreset, dnsLabelField } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { z } from 'zod';
import { server, serverFields, SERVER_NOTE } from './parameters/server-fields.ts';

export const linkerdDefaultDeny = definePreset({
  name: 'linkerd-default-deny',
  title: 'Default deny (Linkerd)',
  category: 'SECURITY',
  flavour: 'LINKERD',
  description: 'Denies every connection to the pods of a namespace, or to one port of some pods, that no AuthorizationPolicy allows.',
  notes: [
    'For a namespace it is an annotation of the Namespace that proxies read when they start: restart the workloads. Pods that say otherwise themselves keep their own.',
    'For a port it is a Server, which works at once.',
    SERVER_NOTE,
    'The audit variant lets everything pass and logs what a deny would have refused (Linkerd 2.16 and later). Start with it.',
  ],
  parameters: z.strictObject({
    scope: z
      .discriminatedUnion('of', [
        z.strictObject({ of: z.literal('NAMESPACE').meta({ title: 'Namespace', description: 'All pods of a namespace.' }), namespace: dnsLabelField.meta({ title: 'Namespace', description: 'An existing namespace.' }) }),
        z.strictObject({ of: z.literal('PORT').meta({ title: 'Port', description: 'One port of some pods.' }), ...serverFields }),
      ])
      .meta({ title: 'Scope', description: 'What is denied.' }),
    mode: z.enum(['DENY', 'AUDIT']).default('DENY').meta({ title: 'Mode', description: 'AUDIT only logs.' }),
  }),
  example: { scope: { of: 'NAMESPACE', namespace: 'shop' }, mode: 'AUDIT' },
  render: ({ scope, mode }): KubeObject[] => {
    const policy = mode.toLowerCase();
    if (scope.of === 'PORT') return [server(scope, policy)];
    return [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: scope.namespace, annotations: { 'config.linkerd.io/default-inbound-policy': policy } } }];
  },
});
