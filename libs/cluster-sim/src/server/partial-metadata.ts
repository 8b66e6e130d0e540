import type { KubeObject } from '@meshfleet/model';

/** meta/v1 PartialObjectMetadata: for clients that need names and labels, not contents. */
export function partialMetadata(object: KubeObject): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
