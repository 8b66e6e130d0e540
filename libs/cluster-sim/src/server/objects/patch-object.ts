import type { KubeObject } from '@meshfleet/model';
import { isRecord } from '../../apply/json-equal.ts';
import { goPrint } from '../../patch/go-print.ts';
import { applyJsonPatch } from '../../patch/json-patch.ts';
import { applyMergePatch } from '../../patch/merge-patch.ts';
import { applyStrategicPatch } from '../../patch/strategic-patch.ts';
import { UndecodableError } from '../../schema/decode-builtin.ts';
import type { ResourceInfo } from '../../seam.ts';
import { badRequest, invalid, StatusError, unsupportedMediaType } from '../status-error.ts';
import { checkKind, checkName, withNamespace } from './check-metadata.ts';
import { mustRead, type Engine, type WriteContext, type Written } from './engine.ts';
import { owned } from './field-ownership.ts';
import { checkResourceVersion, replace } from './update-object.ts';

export const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

/** PATCH by JSON, merge or strategic merge patch. Strategic patches need Go types, so custom resources refuse them with 415. */
export function patchObject(
  engine: Engine,
  info: ResourceInfo,
  namespace: string | undefined,
  name: string,
  patch: unknown,
  mediaType: string,
  context: WriteContext,
  subresource = '',
): Written {
  refuseUnknownType(info, mediaType);
  const live = mustRead(engine, info, namespace, name);
  const spent = structuredClone(patch);
  const patched = patchedObject(engine, info, live, spent, mediaType);
  checkKind(info, patched);
  checkDecodes(engine, info, patched, mediaType === PATCH_TYPES.strategic ? spent : undefined, context);
  checkImmutableName(info, name, patched);
  const placed = withNamespace(info, namespace, patched);
  checkResourceVersion(info, live, placed, false);
  return replace(engine, info, live, placed, context, subresource, (object) => owned(engine, info, live, object, context, subresource));
}

/** A patched object that is no object of its kind any more is the patch's fault: 422, in the name of nobody. */
function checkDecodes(engine: Engine, info: ResourceInfo, patched: KubeObject, strategic: unknown, context: WriteContext): void {
  const failure = undecodable(engine, info, patched, context);
  if (failure !== undefined) {
    // A JSON patch's result travels as text with its fields in order: of several faults, the first one there is told.
    const { message, byJson } = (strategic === undefined ? undecodable(engine, info, inOrder(patched), context) : undefined) ?? failure;
    const words = strategic === undefined ? [JSON.stringify(patched), message] : [goPrint(strategic), `${byJson ? 'error decoding from json: ' : ''}${message}`];
    throw invalid({ group: '', kind: '' }, '', [{ reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(words[0])}: ${words[1] ?? ''}`, field: 'patch' }]);
  }
}

function undecodable(engine: Engine, info: ResourceInfo, patched: KubeObject, context: WriteContext): UndecodableError | undefined {
  try {
    engine.admission.decode?.(info, patched, { ...context, store: engine.view });
    return undefined;
  } catch (error) {
    if (error instanceof StatusError && error.cause instanceof UndecodableError) return error.cause;
    throw error;
  }
}

function inOrder<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => inOrder(item)) as T; // as it was, item by item
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, item]) => [name, inOrder(item)])) as T; // the same fields
}

function patchedObject(engine: Engine, info: ResourceInfo, live: KubeObject, patch: unknown, mediaType: string): KubeObject {
  const result = applyPatch(engine, info, live, patch, mediaType);
  if (!isRecord(result) || !isRecord(result['metadata'] ?? {})) throw badRequest('the patched object is not an object with metadata');
  // Checked for its shape above and for its kind by the caller.
  return { ...result, metadata: result['metadata'] ?? {} } as KubeObject;
}

/** The patched document, before anything checks it: also what /scale patches go through. */
export function applyPatch(engine: Engine, info: ResourceInfo, document: unknown, patch: unknown, mediaType: string): unknown {
  switch (mediaType) {
    case PATCH_TYPES.json:
      return applyJsonPatch(document, patch);
    case PATCH_TYPES.strategic:
      return applyStrategicPatch(document, patch, engine.registry.schemaFor(info).node);
    default:
      if (!isRecord(patch)) throw badRequest('error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}');
      return applyMergePatch(document, patch);
  }
}

export function refuseUnknownType(info: ResourceInfo, mediaType: string): void {
  const known: string[] = Object.values(PATCH_TYPES);
  const supported = info.custom ? known.filter((type) => type !== PATCH_TYPES.strategic) : known;
  if (supported.includes(mediaType)) return;
  throw unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`);
}

function checkImmutableName(info: ResourceInfo, name: string, patched: KubeObject): void {
  const given = patched.metadata.name;
  if (given === name) return;
  if (given === undefined || given === '') checkName(name, patched);
  throw invalid(info, name, [
    { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(given ?? '')}: field is immutable`, field: 'metadata.name' },
  ]);
}
