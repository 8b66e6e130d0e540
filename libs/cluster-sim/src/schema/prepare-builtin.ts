import type { KubeObject } from '@meshfleet/model';
import { typeNameOf } from '../kinds/builtin-schema.ts';
import { invalid } from '../server/status-error.ts';
import { decodeBuiltin } from './decode-builtin.ts';
import { FieldErrors } from './field-errors.ts';
import { forgetEmpty, goStruct } from './go-struct.ts';
import type { RuleContext } from './kind-rules.ts';
import { validateObjectMeta } from './object-meta.ts';
import { rulesOf } from './rules-of-kinds.ts';
import { podWarnings } from './pod-warnings.ts';
import { judgeUnknownFields } from './unknown-fields.ts';

/**
 * A built-in on its way to the store: decoded as Go would, defaulted, completed by its strategy and admission plugins, validated.
 * Throws StatusError: 400 for what cannot be decoded, 422 for what is invalid, 403 for what a plugin refuses.
 */
export function prepareBuiltin(object: KubeObject, old: KubeObject | undefined, context: RuleContext): { object: KubeObject; warnings: string[] } {
  const { info, admission, registry } = context;
  const { object: fresh, unknown } = decodeBuiltin(info, registry.schemaFor(info).node, object);
  const warnings = judgeUnknownFields(info, unknown, admission);
  const rules = rulesOf(info);
  const errors = new FieldErrors();
  // A status write carries the stored spec, which was judged when it was written.
  if (admission.subresource === 'status') {
    validateObjectMeta(info, fresh, old, errors);
    rules?.validateStatus?.(fresh, errors);
    refuse(fresh, errors, context, warnings);
    return { object: asStored(fresh, context), warnings };
  }
  rules?.defaults?.(fresh);
  rules?.prepare?.(fresh, old, context);
  validateObjectMeta(info, fresh, old, errors);
  rules?.validate?.(fresh, errors, context);
  if (old !== undefined) rules?.validateUpdate?.(fresh, old, errors, context);
  refuse(fresh, errors, context, warnings);
  return { object: asStored(fresh, context), warnings: [...warnings, ...context.warnings, ...podWarnings(fresh, old)] };
}

/** Unknown fields are warned of even where the object is refused for something else. */
function refuse(object: KubeObject, errors: FieldErrors, { info }: RuleContext, warnings: readonly string[]): void {
  if (errors.causes.length === 0) return;
  throw invalid({ group: info.group, kind: info.kind }, object.metadata.name ?? object.metadata.generateName ?? '', errors.causes).warning(warnings);
}

function asStored(fresh: KubeObject, { info, registry }: RuleContext): KubeObject {
  const struct = goStruct(typeNameOf(registry.schemaFor(info).node) ?? '');
  if (struct !== undefined) forgetEmpty(fresh, struct);
  return fresh;
}

