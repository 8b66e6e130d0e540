import { isRecord } from '../apply/json-equal.ts';

/** RFC 7386: maps merge, null removes, everything else replaces. The target stays as it is. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const out: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete out[name];
    else out[name] = applyMergePatch(Object.hasOwn(out, name) ? out[name] : undefined, value);
  }
  return out;
}
