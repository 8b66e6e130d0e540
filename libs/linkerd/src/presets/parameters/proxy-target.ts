import { dnsLabelField, objectNameField } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import { z } from 'zod';

/** Whose proxies an annotation of Linkerd's is for: it stands on a Namespace, or on the pod templates of workloads. */
export const proxyTargetField = z
  .discriminatedUnion('of', [
    z.strictObject({
      of: z.literal('NAMESPACE').meta({ title: 'Namespace', description: 'All pods of a namespace.' }),
      namespace: dnsLabelField.meta({ title: 'Namespace', description: 'An existing namespace.' }),
    }),
    z.strictObject({
      of: z.literal('WORKLOADS').meta({ title: 'Workloads', description: 'Some workloads of a namespace.' }),
      namespace: dnsLabelField.meta({ title: 'Namespace', description: 'Their namespace.' }),
      workloads: z
        .array(
          z.strictObject({
            kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']).default('Deployment').meta({ title: 'Kind', description: 'Kind of the workload.' }),
            name: objectNameField.meta({ title: 'Name', description: 'Name of the workload.' }),
          }),
        )
        .min(1)
        .refine((workloads) => new Set(workloads.map(({ kind, name }) => `${kind}/${name}`)).size === workloads.length, 'Name each workload once')
        .meta({ title: 'Workloads', description: 'Workloads that exist.' }),
    }),
  ])
  .meta({ title: 'Target', description: 'Whose proxies it is for.' });

/** Manifests that say these annotations and nothing else: namespace and workloads stay whose they are. */
export function annotated(target: z.output<typeof proxyTargetField>, annotations: Record<string, string>): KubeObject[] {
  if (target.of === 'NAMESPACE') return [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: target.namespace, annotations } }];
  return target.workloads.map(({ kind, name }) => ({ apiVersion: 'apps/v1', kind, metadata: { name, namespace: target.namespace }, spec: { template: { metadata: { annotations } } } }));
}

export const PROXY_START_NOTE = 'Proxies take it when their pods start. On workloads Kubernetes rolls them by itself, at once; after a change on a namespace, restart its workloads.';
export const POD_WINS_NOTE = 'An annotation of a pod wins over that of its namespace, and that over Linkerd’s own configuration.';
export const OWNERS_NOTE = 'Namespace and workloads must be there and stay whose they are: only the annotations are written, and taken back when the policy is withdrawn. GitOps tools must be told to ignore them.';
