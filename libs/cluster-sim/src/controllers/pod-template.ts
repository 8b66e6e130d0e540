import type { KubeObject, OwnerReference } from '@meshfleet/model';
import type { Fields } from '../kinds/field.ts';
import { listAt, mapAt, textAt } from '../kinds/field.ts';

export interface PodIdentity {
  readonly namespace: string;
  readonly owner: OwnerReference;
  readonly name?: string;
  readonly generateName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: Fields;
}

/** A pod made of a workload's template. */
export function podFromTemplate(template: Fields, identity: PodIdentity): KubeObject {
  const metadata = mapAt(template, 'metadata');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: identity.namespace,
      ...(identity.name === undefined ? {} : { name: identity.name }),
      ...(identity.generateName === undefined ? {} : { generateName: identity.generateName }),
      // Labels and annotations were validated as maps of text when the workload was written.
      labels: { ...(mapAt(metadata, 'labels') as Record<string, string>), ...identity.labels },
      ...(metadata['annotations'] === undefined ? {} : { annotations: { ...(mapAt(metadata, 'annotations') as Record<string, string>) } }),
      ownerReferences: [identity.owner],
    },
    spec: structuredClone({ ...mapAt(template, 'spec'), ...identity.spec }),
  };
}

/** Neither finished nor on its way out. */
export function isActive(pod: KubeObject): boolean {
  const phase = textAt(pod, 'status', 'phase');
  return pod.metadata.deletionTimestamp === undefined && phase !== 'Succeeded' && phase !== 'Failed';
}

export function isReady(pod: KubeObject): boolean {
  return listAt(pod, 'status', 'conditions').some((condition) => condition['type'] === 'Ready' && condition['status'] === 'True');
}
