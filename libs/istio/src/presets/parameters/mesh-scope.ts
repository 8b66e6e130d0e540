import { dnsLabelField, labelsField } from '@meshfleet/manifest';
import { z } from 'zod';

const namespaceField = dnsLabelField.meta({ title: 'Namespace', description: 'Namespace of the workloads.' });

export const meshScope = z.strictObject({
  scope: z.literal('MESH').meta({ title: 'Whole mesh', description: 'Every workload of the mesh, gateways included.' }),
  rootNamespace: dnsLabelField.default('istio-system').meta({ title: 'Root namespace', description: 'The root namespace of the mesh: where istiod runs, unless the mesh configuration names another.' }),
});

export const namespacesScope = z.strictObject({
  scope: z.literal('NAMESPACES').meta({ title: 'Namespaces', description: 'Every workload of some namespaces.' }),
  namespaces: z
    .array(namespaceField)
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'Name each namespace once')
    .meta({ title: 'Namespaces', description: 'One object is written into each of them.' }),
});

export const workloadsScope = z.strictObject({
  scope: z.literal('WORKLOADS').meta({ title: 'Workloads', description: 'Some workloads of one namespace.' }),
  namespace: namespaceField,
  labels: labelsField.meta({ title: 'Labels', description: 'Labels of their pods. All must match.' }),
});

/** Whom a policy of the mesh reaches: everybody, namespaces, or pods with some labels. */
export const meshScopeField = z.discriminatedUnion('scope', [meshScope, namespacesScope, workloadsScope]);

export type MeshScope = z.output<typeof meshScopeField>;

/** Where an object that covers the scope has to stand: its namespaces, and the labels that its selector matches. */
export function placesOf(scope: MeshScope): { readonly namespaces: readonly string[]; readonly labels?: Record<string, string> } {
  switch (scope.scope) {
    case 'MESH':
      return { namespaces: [scope.rootNamespace] };
    case 'NAMESPACES':
      return { namespaces: scope.namespaces };
    case 'WORKLOADS':
      return { namespaces: [scope.namespace], labels: scope.labels };
  }
}
