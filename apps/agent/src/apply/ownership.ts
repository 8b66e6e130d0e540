import { appliedFields, childOf } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { CONTENT_ANNOTATION, FIELD_MANAGER, MANAGED_LABEL, metadataOf, ORIGIN_ANNOTATION, POLICY_ANNOTATION } from '@meshfleet/model';
import type { DesiredEntry } from '@meshfleet/protocol';

/** In place of the content's mark: some of it is not applied, so that what lacks is never taken for drift and put right by force. */
export const IN_PART = 'in-part';

/** Whether we brought an object into being, or found it. What was found is never deleted. */
export type Origin = 'created' | 'adopted';

export interface Ownership {
  readonly managed: boolean;
  readonly policyId: string | undefined;
  readonly origin: Origin | undefined;
  readonly content: string | undefined;
}

/**
 * What our own applies say of a live object. Marks can be copied (`kubectl get -o yaml | kubectl create -f -`) or typed, so that each counts only while
 * the API server's field tracking says that our field manager applied it; anything but a clear `created` counts as not ours to delete.
 */
export function ownershipOf(live: KubeObject | undefined): Ownership {
  const metadata = childOf(appliedFields(live?.metadata.managedFields, FIELD_MANAGER), 'f:metadata');
  const mark = (part: 'labels' | 'annotations', key: string): string | undefined =>
    childOf(childOf(metadata, `f:${part}`), `f:${key}`) === undefined ? undefined : live?.metadata[part]?.[key];
  const origin = mark('annotations', ORIGIN_ANNOTATION);
  return {
    managed: ['true', 'metadata'].includes(mark('labels', MANAGED_LABEL) ?? ''),
    policyId: mark('annotations', POLICY_ANNOTATION),
    origin: origin === 'created' || origin === 'adopted' ? origin : undefined,
    content: mark('annotations', CONTENT_ANNOTATION),
  };
}

/** Whether a field, as conflicts name it, is one of our marks: those are nobody else's to hold. */
export const isMark = (field: string): boolean => /^\.metadata\.(?:labels|annotations)\.meshfleet\.io\//.test(field);

export const contentMark = (hash: string): string => hash.slice(0, 16);

const MARKS = [POLICY_ANNOTATION, ORIGIN_ANNOTATION, CONTENT_ANNOTATION];

/** The object as its policy has it, with the marks that the live one carries of us: an apply without them would take them off. */
export function keepMarks(object: KubeObject, live: KubeObject | undefined): KubeObject {
  const { status: _status, ...rest } = object;
  if (!ownershipOf(live).managed) return rest;
  const { labels, annotations } = rest.metadata;
  const marks = Object.fromEntries(MARKS.flatMap((name) => (live?.metadata.annotations?.[name] === undefined ? [] : [[name, live.metadata.annotations[name]]])));
  const label = live?.metadata.labels?.[MANAGED_LABEL];
  return { ...rest, metadata: { ...rest.metadata, labels: { ...labels, ...(label === undefined ? {} : { [MANAGED_LABEL]: label }) }, annotations: { ...annotations, ...marks } } };
}

/** The object as it is applied: the policy's fields and our marks, without what only the API server writes. */
export function stamp(object: KubeObject, entry: DesiredEntry, origin: Origin): KubeObject {
  const metadataOnly = entry.mode === 'METADATA';
  const { status: _status, ...rest } = metadataOnly ? metadataOf(object) : object;
  const { name, namespace, labels, annotations, finalizers, ownerReferences } = rest.metadata;
  return {
    ...rest,
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      labels: { ...labels, [MANAGED_LABEL]: metadataOnly ? 'metadata' : 'true' },
      annotations: { ...annotations, [POLICY_ANNOTATION]: entry.policyId, [ORIGIN_ANNOTATION]: origin, [CONTENT_ANNOTATION]: contentMark(entry.hash) },
    },
  };
}
