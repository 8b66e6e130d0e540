import { objectNameField } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { z } from 'zod';

/** Workloads of a namespace, whose pod templates get labels or annotations. */
export const workloadReferencesField = z
  .array(
    z.strictObject({
      kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']).default('Deployment').meta({ title: 'Kind', description: 'Kind of the workload.' }),
      name: objectNameField.meta({ title: 'Name', description: 'Name of the workload.' }),
    }),
  )
  .refine((workloads) => new Set(workloads.map(({ kind, name }) => `${kind}/${name}`)).size === workloads.length, 'Name each workload once');

interface Marks {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

/** A workload’s manifest that says nothing but labels and annotations of its pods: all else stays whose it is. */
export function podMarks(namespace: string, { kind, name }: { readonly kind: string; readonly name: string }, marks: Marks): KubeObject {
  return { apiVersion: 'apps/v1', kind, metadata: { name, namespace }, spec: { template: { metadata: marks } } };
}
