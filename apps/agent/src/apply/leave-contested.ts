import type { KubeObject } from '@meshfleet/model';
import { CONTENT_ANNOTATION, metadataFieldsOf, withMetadataFields } from '@meshfleet/model';
import { IN_PART, isMark } from './ownership.ts';

/**
 * Labels and annotations that are wanted, without those that others hold and that are not to be taken: each stands for
 * itself, and may be another policy's than its neighbour. Undefined when nothing is left to be applied.
 * @param managed some of the object is ours already: what is not wanted any longer is let go of, though nothing else is left
 */
export function leaveContested(wanted: KubeObject, contested: ReadonlySet<string>, managed: boolean): KubeObject | undefined {
  const fields = [...metadataFieldsOf(wanted)].filter(([field]) => !contested.has(field));
  if (!managed && fields.every(([field]) => isMark(field))) return undefined;
  const { uid } = wanted.metadata;
  const rest = withMetadataFields(wanted, new Map(fields));
  return { ...rest, metadata: { ...rest.metadata, ...(uid === undefined ? {} : { uid }), annotations: { ...rest.metadata.annotations, [CONTENT_ANNOTATION]: IN_PART } } };
}
