import type { KubeObject } from '@meshfleet/model';
import type { ResourceInfo } from '../../seam.ts';

const OPTIONAL = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

/**
 * Whether an applied custom resource says `labels: {}` or the like. What is read never shows it, for metadata passes through Go's
 * ObjectMeta on its way out of the storage; but an apply alone writes it into the storage as it is. kube-apiserver takes a write for
 * none when its bytes are those that are stored: such an apply is never none, and nor is the next write after it.
 */
export function saysEmptyMetadata(info: ResourceInfo, { metadata }: KubeObject): boolean {
  return info.custom && OPTIONAL.some((name) => isEmpty(metadata[name]));
}

/** The last answer of an object that goes away with this write never was in the storage: there an applied `labels: {}` shows. */
export function withEmptyMetadata(info: ResourceInfo, object: KubeObject, applied: KubeObject): KubeObject {
  if (!saysEmptyMetadata(info, applied)) return object;
  const said = Object.fromEntries(OPTIONAL.filter((name) => isEmpty(applied.metadata[name])).map((name) => [name, applied.metadata[name]]));
  return { ...object, metadata: { ...object.metadata, ...said } };
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
