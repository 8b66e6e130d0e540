import type { JsonObject } from '@meshfleet/model';

// Specs come from clusters and people. Rules read them through these, so that a wrong type is never an exception: the
// schema rule reports it, and every other rule sees nothing there.

export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const field of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as { readonly [field: string | number]: unknown })[field]; // an object or list, as just checked
  }
  return current;
}

export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
export const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : NOTHING);
export const texts = (value: unknown): readonly string[] => list(value).filter((item): item is string => typeof item === 'string');

/** What comes out of JSON and is neither a list nor a scalar. */
export const record = (value: unknown): JsonObject | undefined => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined);

/** A map of strings, such as labels. */
export function stringMap(value: unknown): Readonly<Record<string, string>> {
  const map = record(value);
  if (map === undefined) return NO_LABELS;
  const entries = Object.entries(map);
  if (entries.every(([, one]) => typeof one === 'string')) return map as Readonly<Record<string, string>>;
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

const NOTHING: readonly unknown[] = [];
const NO_LABELS: Readonly<Record<string, string>> = {};

/** `5s`, `1h30m`, `250ms` in milliseconds, as protobuf durations and Go write them; undefined when it is none. */
export function milliseconds(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(value)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) sum += Number(amount) * (UNITS[unit ?? ''] ?? 0);
  return sum;
}

const UNITS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
