import { definePreset } from '@meshfleet/manifest';
import { z } from 'zod';
import { annotated, OWNERS_NOTE, POD_WINS_NOTE, PROXY_START_NOTE, proxyTargetField } from './parameters/proxy-target.ts';

const VALUES = { PROXY: 'enabled', INGRESS: 'ingress', NONE: 'disabled' } as const;

export const linkerdInjection = definePreset({
  name: 'linkerd-injection',
  title: 'Namespaces and workloads in the mesh (Linkerd)',
  category: 'TUNING',
  flavour: 'LINKERD',
  description: 'Puts a namespace or single workloads into the mesh, as proxied pods or as ingress controllers, or leaves them out.',
  notes: [
    PROXY_START_NOTE,
    POD_WINS_NOTE,
    OWNERS_NOTE,
    'INGRESS is for ingress controllers that name Services by a header (l5d-dst-override) rather than by address. It must stand on the workload of the controller, not on others.',
    'Pods on the host’s network are never injected. A workload out of the mesh has no identity: policies that ask for one refuse it.',
    'Leave kube-system and Linkerd’s own namespaces out.',
  ],
  parameters: z
    .strictObject({
      target: proxyTargetField,
      mode: z.enum(['PROXY', 'INGRESS', 'NONE']).default('PROXY').meta({ title: 'Mode', description: 'PROXY injects, INGRESS injects for an ingress controller, NONE leaves out.' }),
    })
    .superRefine(({ target, mode }, context) => {
      if (['kube-system', 'linkerd', 'linkerd-cni'].includes(target.namespace)) context.addIssue({ code: 'custom', path: ['target', 'namespace'], message: 'Holds what the mesh itself or Kubernetes stands on: leave it out' });
      if (mode === 'INGRESS' && target.of === 'NAMESPACE') context.addIssue({ code: 'custom', path: ['mode'], message: 'Ingress mode is for the workload of an ingress controller: name it' });
    }),
  example: { target: { of: 'NAMESPACE', namespace: 'shop' }, mode: 'PROXY' },
  render: ({ target, mode }) => annotated(target, { 'linkerd.io/inject': VALUES[mode] }),
});
