import type { KubeObject } from '@meshfleet/model';
import type { DesiredEntry } from '@meshfleet/protocol';

export const FIELD_MANAGER = 'meshfleet';
export const MANAGED_LABEL = 'meshfleet.io/managed';
export const POLICY_ANNOTATION = 'meshfleet.io/policy';
export const ORIGIN_ANNOTATION = 'meshfleet.io/origin';
/** First digits of the content hash that was applied last: tells an object that somebody changed from one that lacks the newest version. */
export const CONTENT_ANNOTATION = 'meshfleet.io/content';

/** Whether we brought an object into being, or found it. What was found is never deleted. */
export type Origin = 'created' | 'adopted';

export interface Ownership {
  readonly managed: boolean;
  readonly policyId: string | undefined;
  readonly origin: Origin | undefined;
  readonly content: string | undefined;
}

/** What a live object says of itself. Anything but a clear `created` counts as not ours to delete. */
export function ownershipOf(live: KubeObject | undefined): Ownership {
  const annotations = live?.metadata.annotations ?? {};
  const origin = annotations[ORIGIN_ANNOTATION];
  return {
    managed: live?.metadata.labels?.[MANAGED_LABEL] === 'true',
    policyId: annotations[POLICY_ANNOTATION],
    origin: origin === 'created' || origin === 'adopted' ? origin : undefined,
    content: annotations[CONTENT_ANNOTATION],
  };
}

export const contentMark = (hash: string): string => hash.slice(0, 16);

/** The object as it is applied: the policy's fields and our marks, without what only the API server writes. */
export function stamp(object: KubeObject, entry: DesiredEntry, origin: Origin): KubeObject {
  const { status: _status, ...rest } = object;
  const { name, namespace, labels, annotations, finalizers, ownerReferences } = object.metadata;
  return {
    ...rest,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      labels: { ...labels, [MANAGED_LABEL]: 'true' },
      annotations: { ...annotations, [POLICY_ANNOTATION]: entry.policyId, [ORIGIN_ANNOTATION]: origin, [CONTENT_ANNOTATION]: contentMark(entry.hash) },
    },
  };
}
