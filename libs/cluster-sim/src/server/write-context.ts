import type { FieldValidation, UserInfo } from '../seam.ts';
import type { WriteContext } from './objects/engine.ts';
import { badRequest, invalid } from './status-error.ts';

const MAX_MANAGER_LENGTH = 128;

/** Reads dryRun, fieldManager and fieldValidation of a write. */
export function writeContext(query: URLSearchParams, userAgent: string | undefined, user: UserInfo, options: string, duplicates: readonly string[] = []): WriteContext {
  return {
    user,
    manager: fieldManager(query, userAgent, options),
    dryRun: isDryRun(query.getAll('dryRun'), options),
    fieldValidation: fieldValidation(query, options),
    ...(duplicates.length === 0 ? {} : { duplicateFields: duplicates }),
  };
}

export function isDryRun(values: readonly string[], options: string): boolean {
  for (const value of values) {
    if (value !== 'All') {
      throw invalid({ group: 'meta.k8s.io', kind: options }, '', [
        { reason: 'FieldValueNotSupported', message: `Unsupported value: ${JSON.stringify(value)}: supported values: "All"`, field: 'dryRun' },
      ]);
    }
  }
  return values.length > 0;
}

/** The manager that is named, or the first part of the user agent: `kubectl/v1.32` is kubectl. */
function fieldManager(query: URLSearchParams, userAgent: string | undefined, options: string): string {
  const named = query.get('fieldManager');
  if (named !== null && named !== '') {
    if (named.length > MAX_MANAGER_LENGTH) {
      throw invalid({ group: 'meta.k8s.io', kind: options }, '', [
        { reason: 'FieldValueTooLong', message: `Too long: may not be more than ${MAX_MANAGER_LENGTH} bytes`, field: 'fieldManager' },
      ]);
    }
    return named;
  }
  const fromAgent = (userAgent ?? '').split('/')[0]?.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '').slice(0, MAX_MANAGER_LENGTH) ?? '';
  return fromAgent === '' ? 'unknown' : fromAgent;
}

function fieldValidation(query: URLSearchParams, options: string): FieldValidation {
  const value = query.get('fieldValidation');
  // Warn has been the default since 1.27.
  if (value === null || value === '') return 'Warn';
  if (value === 'Strict' || value === 'Warn' || value === 'Ignore') return value;
  throw invalid({ group: 'meta.k8s.io', kind: options }, '', [
    { reason: 'FieldValueNotSupported', message: `Unsupported value: ${JSON.stringify(value)}: supported values: "", "Ignore", "Strict", "Warn"`, field: 'fieldValidation' },
  ]);
}

/** Server-side apply needs a manager by name, and force is for apply alone. */
export function checkPatchOptions(query: URLSearchParams, isApply: boolean): boolean {
  const force = query.get('force');
  const refuse = (reason: string, field: string, message: string) => invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [{ reason, message, field }]);
  if (!isApply) {
    if (force !== null) throw refuse('FieldValueForbidden', 'force', 'Forbidden: may not be specified for non-apply patch');
    return false;
  }
  const manager = query.get('fieldManager');
  if (manager === null || manager === '') throw refuse('FieldValueRequired', 'fieldManager', 'Required value: is required for apply patch');
  if (force !== null && !/^(true|false|1|0|t|f|T|F|TRUE|FALSE|True|False)$/.test(force)) throw badRequest(`strconv.ParseBool: parsing ${JSON.stringify(force)}: invalid syntax`);
  return force !== null && /^(true|1|t|T|TRUE|True)$/.test(force);
}
