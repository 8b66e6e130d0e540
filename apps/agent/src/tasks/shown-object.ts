import type { JsonObject, KubeObject } from '@meshfleet/model';
import { isMetadataKind, metadataOf, parseApiVersion } from '@meshfleet/model';

const LARGEST_BODY = 64 * 1024;
const ALL_BODIES = 1_500 * 1024;
/** Holds a whole copy of the object, and of what another tool once put into it. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Counts what an answer holds, so that it does not grow past what the hub takes. */
export interface BodyBudget {
  /** The body, or nothing when it is too large by itself or there is no more room. */
  fit(body: JsonObject): JsonObject | undefined;
}

export function createBodyBudget(): BodyBudget {
  let left = ALL_BODIES;
  return {
    fit(body) {
      const size = Buffer.byteLength(JSON.stringify(body));
      if (size > LARGEST_BODY || size > left) return undefined;
      left -= size;
      return body;
    },
  };
}

/** What an object says, to be compared with what another one says: without status and what only the API server writes. */
export function comparable(object: KubeObject): JsonObject {
  const { status: _status, ...rest } = narrowed(object);
  const { uid: _uid, resourceVersion: _version, generation: _generation, creationTimestamp: _created, ...metadata } = rest.metadata;
  return jsonOf({ ...rest, metadata });
}

/** An object as a person may see it: status included. */
export function shownObject(object: KubeObject): JsonObject {
  const shown = narrowed(object);
  const { uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } = object.metadata;
  return jsonOf({ ...shown, metadata: { ...shown.metadata, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp }, status: object['status'] });
}

/** Of what is not ours only labels and annotations: environments of containers are nobody's business. */
function narrowed(object: KubeObject): KubeObject {
  const shown = isMetadataKind(parseApiVersion(object.apiVersion).group, object.kind) ? metadataOf(object) : object;
  const { managedFields: _managedFields, annotations, ...metadata } = shown.metadata;
  const { [LAST_APPLIED]: _lastApplied, ...kept } = annotations ?? {};
  return { ...shown, metadata: { ...metadata, ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }) } };
}

// Objects come out of JSON.parse; what is undefined is dropped on the way.
const jsonOf = (value: object): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;
