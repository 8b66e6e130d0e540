import { definePreset, dnsLabelField } from '@meshfleet/manifest';
import { z } from 'zod';
import { podMarks, workloadReferencesField } from '../parameters/workload-reference.ts';

export const workloadInjection = definePreset({
  name: 'workload-injection',
  title: 'Workloads in or out of the mesh',
  category: 'TUNING',
  flavour: 'ISTIO',
  description: 'Takes single workloads into the mesh, leaves them out, or gives them another revision than their namespace: by labels on their pod templates, for exceptions and for canaries of a new control plane.',
  notes: [
    'A label on a pod template makes Kubernetes roll the workload at once.',
    'A pod’s label beats its namespace’s. In a namespace with istio-injection=disabled nothing is injected, whatever the pod says.',
    'A revision on a pod works only in a namespace that has neither the label istio-injection nor istio.io/rev: those decide for all of its pods.',
    'A workload out of the mesh speaks plaintext: strict servers refuse it.',
    'The workloads stay whose they are: only the labels are written, and taken back when the policy is withdrawn.',
  ],
  parameters: z
    .strictObject({
      namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the workloads.' }),
      workloads: workloadReferencesField.min(1).meta({ title: 'Workloads', description: 'Workloads that exist.' }),
      mode: z.enum(['SIDECAR', 'AMBIENT', 'NONE']).meta({ title: 'Mode', description: 'SIDECAR injects a proxy, AMBIENT lets ztunnel carry the traffic, NONE leaves the pods out of both.' }),
      revision: dnsLabelField.optional().meta({ title: 'Revision', description: 'With SIDECAR: revision or tag of the control plane that injects.' }),
    })
    .refine(({ mode, revision }) => mode === 'SIDECAR' || revision === undefined, { path: ['revision'], message: 'A revision is for sidecars' }),
  example: { namespace: 'shop', workloads: [{ name: 'search' }], mode: 'SIDECAR', revision: '1-29-1' },
  render: ({ namespace, workloads, mode, revision }) => workloads.map((workload) => podMarks(namespace, workload, { labels: labelsOf(mode, revision) })),
});

function labelsOf(mode: 'SIDECAR' | 'AMBIENT' | 'NONE', revision: string | undefined): Record<string, string> {
  switch (mode) {
    case 'SIDECAR':
      return { 'sidecar.istio.io/inject': 'true', ...(revision === undefined ? {} : { 'istio.io/rev': revision }) };
    case 'AMBIENT':
      return { 'sidecar.istio.io/inject': 'false', 'istio.io/dataplane-mode': 'ambient' };
    case 'NONE':
      return { 'sidecar.istio.io/inject': 'false', 'istio.io/dataplane-mode': 'none' };
  }
}
