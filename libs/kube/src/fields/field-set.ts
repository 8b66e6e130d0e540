import type { ManagedFieldsEntry } from '@meshfleet/model';

/** FieldsV1 as it travels: `f:name` for fields, `k:{…}` for items by key, `v:…` for set members, `.` for the thing itself. */
export type FieldSet = { readonly [key: string]: unknown };

/** What a manager holds by server-side apply; undefined when it holds nothing. */
export function appliedFields(managedFields: readonly ManagedFieldsEntry[] | undefined, manager: string): FieldSet | undefined {
  return managedFields?.find((entry) => entry.manager === manager && entry.operation === 'Apply' && (entry.subresource ?? '') === '')?.fieldsV1;
}

export function childOf(set: FieldSet | undefined, key: string): FieldSet | undefined {
  const child = set?.[key];
  return typeof child === 'object' && child !== null ? (child as FieldSet) : undefined; // FieldsV1 nests objects only
}

/** One step of a path into an object: a field, the item of a list by its keys, or by its place. */
export type PathStep = { readonly field: string } | { readonly keys: { readonly [field: string]: unknown } } | { readonly index: number } | { readonly value: unknown };

/** As Kubernetes prints it in conflicts: `.spec.http[name="a"].timeout`. */
export function formatPath(path: readonly PathStep[]): string {
  return path
    .map((step) => {
      if ('field' in step) return /^[A-Za-z_][\w-]*$/.test(step.field) ? `.${step.field}` : `[${JSON.stringify(step.field)}]`;
      if ('index' in step) return `[${String(step.index)}]`;
      if ('value' in step) return `[=${JSON.stringify(step.value)}]`;
      return `[${Object.entries(step.keys).map(([field, value]) => `${field}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}

/** Whether a set holds the path, or something below it. Steps by index end the walk: the list is atomic and held as a whole. */
export function holdsPath(set: FieldSet | undefined, path: readonly PathStep[]): boolean {
  let at = set;
  for (const step of path) {
    if (at === undefined) return false;
    if ('index' in step) return true;
    const next = 'field' in step ? childOf(at, `f:${step.field}`) : 'value' in step ? childOf(at, `v:${JSON.stringify(step.value)}`) : childByKeys(at, step.keys);
    // An empty set below a held path means that all below it is one value (an atomic map or list, or a scalar).
    if (next !== undefined && Object.keys(next).length === 0) return true;
    at = next;
  }
  return at !== undefined;
}

function childByKeys(set: FieldSet, keys: { readonly [field: string]: unknown }): FieldSet | undefined {
  for (const key of Object.keys(set)) {
    if (!key.startsWith('k:')) continue;
    const parsed = parseKeys(key);
    if (parsed !== undefined && sameKeys(parsed, keys)) return childOf(set, key);
  }
  return undefined;
}

export function parseKeys(key: string): { readonly [field: string]: unknown } | undefined {
  try {
    return JSON.parse(key.slice(2)) as { readonly [field: string]: unknown }; // `k:` is followed by a JSON object of the key fields
  } catch {
    return undefined;
  }
}

function sameKeys(a: { readonly [field: string]: unknown }, b: { readonly [field: string]: unknown }): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
