import type { KubeObject, ManagedFieldsEntry } from '@meshfleet/model';
import type { FieldSet, PathStep } from './field-set.ts';
import { appliedFields, childOf, formatPath, holdsPath, parseKeys } from './field-set.ts';

/** One field of ours that is not as we applied it. */
export interface DriftedField {
  readonly field: string;
  /** Who holds the field now; for a removed field, who wrote last. Undefined when nobody can be named. */
  readonly manager: string | undefined;
}

/**
 * Which fields of `desired` the live object no longer has as we want them, and who changed them.
 * Fields that others added beside ours are theirs and no drift. Lists are compared by the keys that the API server's field tracking shows, item by
 * item where it shows none; within items, what the server defaulted is no drift either.
 */
export function findDrift(desired: KubeObject, live: KubeObject, ourManager: string): DriftedField[] {
  const ours = appliedFields(live.metadata.managedFields, ourManager);
  const paths: PathStep[][] = [];
  for (const [field, value] of Object.entries(desired)) {
    if (field === 'apiVersion' || field === 'kind' || field === 'metadata' || field === 'status') continue;
    compare(value, live[field], childOf(ours, `f:${field}`), [{ field }], paths);
  }
  const metadata = childOf(ours, 'f:metadata');
  for (const part of ['labels', 'annotations'] as const) {
    compare(desired.metadata[part] ?? {}, live.metadata[part] ?? {}, childOf(metadata, `f:${part}`), [{ field: 'metadata' }, { field: part }], paths);
  }
  return paths.map((path) => ({ field: formatPath(path), manager: whoHolds(live.metadata.managedFields, path, ourManager) }));
}

function compare(desired: unknown, live: unknown, held: FieldSet | undefined, path: PathStep[], out: PathStep[][]): void {
  // A null asks for nothing: the API server drops it.
  if (desired === null || desired === undefined) return;
  if (Array.isArray(desired)) {
    compareLists(desired, live, held, path, out);
    return;
  }
  if (isRecord(desired)) {
    if (!isRecord(live)) {
      // An empty object that the server left out says the same.
      if (live !== undefined || Object.keys(desired).length > 0) out.push(path);
      return;
    }
    for (const [field, value] of Object.entries(desired)) compare(value, live[field], childOf(held, `f:${field}`), [...path, { field }], out);
    return;
  }
  if (desired !== live) out.push(path);
}

function compareLists(desired: readonly unknown[], live: unknown, held: FieldSet | undefined, path: PathStep[], out: PathStep[][]): void {
  if (!Array.isArray(live)) {
    if (live !== undefined || desired.length > 0) out.push(path);
    return;
  }
  const keyed = Object.keys(held ?? {}).find((key) => key.startsWith('k:'));
  const fields = keyed === undefined ? undefined : Object.keys(parseKeys(keyed) ?? {});
  if (fields !== undefined && fields.length > 0) {
    for (const item of desired) {
      const keys = Object.fromEntries(fields.map((field) => [field, isRecord(item) ? item[field] : undefined]));
      // A key field that we leave out was defaulted by the server, so it does not tell items apart.
      const match = live.find((candidate: unknown) => isRecord(candidate) && fields.every((field) => keys[field] === undefined || candidate[field] === keys[field]));
      const step: PathStep = { keys };
      if (match === undefined) out.push([...path, step]);
      else compare(item, match, heldItem(held, match, fields), [...path, step], out);
    }
    return;
  }
  if (Object.keys(held ?? {}).some((key) => key.startsWith('v:'))) {
    for (const value of desired) if (!live.includes(value)) out.push([...path, { value }]);
    return;
  }
  // Atomic, or no longer tracked as ours: the whole list is one value. The first difference says enough.
  const before = out.length;
  if (desired.length !== live.length) out.push(path);
  else desired.forEach((item, index) => compare(item, live[index], undefined, [...path, { index }], out));
  if (out.length > before + 1) out.splice(before + 1);
}

function heldItem(held: FieldSet | undefined, item: { readonly [field: string]: unknown }, fields: readonly string[]): FieldSet | undefined {
  const key = Object.keys(held ?? {}).find((candidate) => {
    const keys = candidate.startsWith('k:') ? parseKeys(candidate) : undefined;
    return keys !== undefined && fields.every((field) => keys[field] === item[field]);
  });
  return key === undefined ? undefined : childOf(held, key);
}

function whoHolds(managedFields: readonly ManagedFieldsEntry[] | undefined, path: readonly PathStep[], ourManager: string): string | undefined {
  const others = (managedFields ?? [])
    // Our name on an Update is somebody else: we only ever apply.
    .filter((entry) => entry.manager !== undefined && !(entry.manager === ourManager && entry.operation === 'Apply') && (entry.subresource ?? '') === '')
    .sort((a, b) => (b.time ?? '').localeCompare(a.time ?? ''));
  return (others.find((entry) => holdsPath(entry.fieldsV1, path)) ?? others[0])?.manager;
}

function isRecord(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
