import type { AdmissionContext, ResourceInfo } from '../seam.ts';
import { cannotBeHandled } from './decode-builtin.ts';

/** Fields that the type does not have: refused, warned of or passed over, as `fieldValidation` asks. Answers the warnings. */
export function judgeUnknownFields(info: ResourceInfo, unknown: readonly string[], admission: AdmissionContext): string[] {
  const problems = [...(admission.duplicateFields ?? []).map((field) => `duplicate field ${JSON.stringify(field)}`), ...unknown.map((field) => `unknown field ${JSON.stringify(field)}`)];
  if (problems.length === 0 || admission.fieldValidation === 'Ignore') return [];
  if (admission.fieldValidation === 'Strict') throw cannotBeHandled(info, `strict decoding error: ${problems.join(', ')}`, false);
  return problems;
}
