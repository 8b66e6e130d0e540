import type { KubeObject } from '@meshfleet/model';
import { invalid } from '../server/status-error.ts';
import { decodeBuiltin } from './decode-builtin.ts';
import { FieldErrors } from './field-errors.ts';
import type { RuleContext } from './kind-rules.ts';
import { validateObjectMeta } from './object-meta.ts';
import { rulesOf } from './rules-of-kinds.ts';
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
  // A status write carries the stored spec, which was judged when it was written.
  if (admission.subresource === 'status') return { object: fresh, warnings };
  rules?.defaults?.(fresh);
  rules?.prepare?.(fresh, old, context);
  const errors = new FieldErrors();
  validateObjectMeta(info, fresh, old, errors);
  rules?.validate?.(fresh, errors, context);
  if (old !== undefined) rules?.validateUpdate?.(fresh, old, errors, context);
  if (errors.causes.length > 0) throw invalid({ group: info.group, kind: info.kind }, fresh.metadata.name ?? fresh.metadata.generateName ?? '', errors.causes);
  return { object: fresh, warnings: [...warnings, ...context.warnings] };
}

