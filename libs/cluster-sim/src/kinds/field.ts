import type { KubeObject } from '@meshfleet/model';

export type Fields = { readonly [key: string]: unknown };

/** Reads a path of an object whose shape was validated at write; undefined when any step is missing. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Fields)[step];
  }
  return current;
}

export function textAt(value: unknown, ...path: (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function numberAt(value: unknown, ...path: (string | number)[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

export function listAt(value: unknown, ...path: (string | number)[]): readonly Fields[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as Fields[]) : [];
}

export function textsAt(value: unknown, ...path: (string | number)[]): readonly string[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.filter((item): item is string => typeof item === 'string') : [];
}

export function mapAt(value: unknown, ...path: (string | number)[]): Fields {
  const found = at(value, ...path);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Fields) : {};
}

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A deep copy that may be changed; what comes out of the store is frozen. */
export function thaw<T extends KubeObject>(object: T): T & { [key: string]: unknown } {
  // Objects of the API are JSON, so a copy of JSON is a copy of the same type; structuredClone takes five times as long.
  return copyJson(object) as T & { [key: string]: unknown };
}

function copyJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = copyJson((value as Fields)[key]);
  return copy;
}
