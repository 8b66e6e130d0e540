import type { CompiledSchema } from '@meshfleet/manifest';
import { compileSchema } from '@meshfleet/manifest';
import { jsonOfObject, kubeObjectOf } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { structuralSchema } from '../crd/custom-resources.ts';
import type { AdmissionContext, ResourceInfo } from '../seam.ts';
import { invalid } from '../server/status-error.ts';
import { withGoMetadata } from './custom-meta.ts';
import { FieldErrors } from './field-errors.ts';
import { withNullsOf } from './keep-nulls.ts';
import { validateObjectMeta } from './object-meta.ts';
import { judgeUnknownFields } from './unknown-fields.ts';

/** A custom resource on its way to the store: pruned, defaulted and validated by its structural schema. Throws StatusError 400 and 422. */
export function prepareCustom(info: ResourceInfo, object: KubeObject, old: KubeObject | undefined, admission: AdmissionContext): { object: KubeObject; warnings: string[] } {
  const schema = compiled(info);
  const errors = new FieldErrors();
  if (schema === undefined) {
    validateObjectMeta(info, object, old, errors);
    refuse(info, object, errors);
    return { object: withGoMetadata(info, object), warnings: [] };
  }
  const { value, pruned } = schema.prune(jsonOfObject(object), { root: 'object' });
  const warnings = judgeUnknownFields(info, pruned, admission);
  const filled = schema.applyDefaults(value);
  const defaulted = admission.keepNulls === true ? withNullsOf(value, filled) : filled;
  // Defaults add fields to the object, whose apiVersion and kind the endpoint has checked.
  const complete = withGoMetadata(info, { ...kubeObjectOf(defaulted), metadata: object.metadata });
  validateObjectMeta(info, complete, old, errors);
  for (const violation of schema.validate(jsonOfObject(complete), old === undefined ? {} : { old: jsonOfObject(old) })) errors.causes.push({ reason: violation.reason, message: inGoTypes(violation.message), field: violation.path });
  if (admission.subresource === 'status') for (const cause of errors.causes) if (cause.message !== undefined) cause.message = cause.message.replace(/: status(?:\.(\S+))? in body/, (_all, below: string | undefined) => `: ${below ?? ''} in body`);
  refuse(info, complete, errors, warnings);
  return { object: complete, warnings };
}

/** Defaults alone: what comes out of the store may be older than the CRD's defaults. */
export function defaultCustom(info: ResourceInfo, object: KubeObject, keepNulls = false): KubeObject {
  const schema = compiled(info);
  const shaped = withGoMetadata(info, object);
  if (schema === undefined) return shaped;
  const filled = schema.applyDefaults(jsonOfObject(shaped));
  // Defaults add fields to an object that was whole.
  return kubeObjectOf(keepNulls ? withNullsOf(shaped, filled) : filled);
}

/** CEL's Go library names durations and times by their protobuf types. */
function inGoTypes(message: string): string {
  return message.replace(/(type conversion error from '\w+' to ')(duration|timestamp)'/, (_all, start: string, type: string) => `${start}google.protobuf.${type === 'duration' ? 'Duration' : 'Timestamp'}'`);
}

/** Paths of fields that the structural schema does not know. */
export function unknownCustomFields(info: ResourceInfo, object: KubeObject): readonly string[] {
  return compiled(info)?.prune(jsonOfObject(object), { root: 'object' }).pruned ?? [];
}

function compiled(info: ResourceInfo): CompiledSchema | undefined {
  const node = structuralSchema(info);
  return node === undefined ? undefined : compileSchema(node);
}

function refuse(info: ResourceInfo, object: KubeObject, errors: FieldErrors, warnings: readonly string[] = []): void {
  if (errors.causes.length > 0) throw invalid({ group: info.group, kind: info.kind }, object.metadata.name ?? object.metadata.generateName ?? '', errors.causes).warning(warnings);
}
