import { definePreset, dnsLabelField } from '@meshfleet/manifest';
import { z } from 'zod';

const revision = dnsLabelField.meta({ title: 'Revision', description: 'Revision or revision tag of the control plane, as in "1-29-1" or "prod-stable". Without one it is istio-injection=enabled: the default revision.' });

export const namespaceInjection = definePreset({
  name: 'namespace-injection',
  title: 'Namespaces in the mesh',
  category: 'TUNING',
  flavour: 'ISTIO',
  description: 'Puts namespaces into the mesh: sidecars of the default or a named revision, ambient mode, or none at all. Written as labels of namespaces that exist; everything else of them stays as it is.',
  notes: [
    'Sidecars come and go with pods: restart the workloads afterwards. Ambient mode takes running pods in at once.',
    'istio-injection beats istio.io/rev. A namespace that somebody else labelled istio-injection=enabled stays with the default revision, whatever revision is named here: take that label away first. The same for dataplane-mode=ambient beside a sidecar label: pods with sidecars stay out of ambient mode.',
    'Move by tag rather than by revision: namespaces name the tag, and an upgrade moves the tag.',
    'The policy never creates a namespace and never deletes one. Where the namespace is missing it reports so and waits; where the policy is withdrawn its labels go, and the namespace leaves the mesh when its pods are replaced.',
    'If the namespace comes out of a GitOps repository, its tool must ignore these labels, or both will write in turns.',
    'Never label kube-system, istio-system or the namespace of the CNI.',
  ],
  parameters: z.strictObject({
    namespaces: z
      .array(dnsLabelField.refine((name) => !['kube-system', 'kube-public', 'kube-node-lease', 'istio-system'].includes(name), 'Holds what the mesh itself or Kubernetes stands on: leave it out').meta({ examples: ['shop', 'pay', 'search'] }))
      .min(1)
      .refine((names) => new Set(names).size === names.length, 'Name each namespace once')
      .meta({ title: 'Namespaces', description: 'Namespaces that exist.' }),
    mode: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('SIDECAR').meta({ title: 'Sidecars', description: 'Each pod gets a proxy.' }), revision: revision.optional() }),
        z.strictObject({
          type: z.literal('AMBIENT').meta({ title: 'Ambient', description: 'The node’s ztunnel carries the traffic.' }),
          waypoint: dnsLabelField.optional().meta({ title: 'Waypoint', description: 'Name of the waypoint that its Services use.' }),
          waypointNamespace: dnsLabelField.optional().meta({ title: 'Waypoint’s namespace', description: 'Namespace of the waypoint, if it is another.' }),
        }),
        z.strictObject({ type: z.literal('NONE').meta({ title: 'None', description: 'Pods stay out of the mesh, even where it injects by default.' }) }),
      ])
      .meta({ title: 'Mode', description: 'How the namespaces are in the mesh.' }),
  }).refine(({ mode }) => mode.type !== 'AMBIENT' || mode.waypointNamespace === undefined || mode.waypoint !== undefined, { path: ['mode', 'waypoint'], message: 'Name the waypoint too' }),
  example: { namespaces: ['shop', 'pay'], mode: { type: 'SIDECAR', revision: 'prod-stable' } },
  render: ({ namespaces, mode }) => namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: labelsOf(mode) } })),
});

type Mode = { type: 'SIDECAR'; revision?: string | undefined } | { type: 'AMBIENT'; waypoint?: string | undefined; waypointNamespace?: string | undefined } | { type: 'NONE' };

function labelsOf(mode: Mode): Record<string, string> {
  switch (mode.type) {
    case 'SIDECAR':
      return mode.revision === undefined ? { 'istio-injection': 'enabled' } : { 'istio.io/rev': mode.revision };
    case 'AMBIENT':
      return {
        'istio.io/dataplane-mode': 'ambient',
        ...(mode.waypoint === undefined ? {} : { 'istio.io/use-waypoint': mode.waypoint }),
        ...(mode.waypointNamespace === undefined ? {} : { 'istio.io/use-waypoint-namespace': mode.waypointNamespace }),
      };
    case 'NONE':
      return { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'none' };
  }
}
