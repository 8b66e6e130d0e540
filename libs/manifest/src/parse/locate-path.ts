import type { Json, JsonObject } from '@meshfleet/model';
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Document, Pair } from 'yaml';
import { startOf } from './convert-yaml.ts';

export type JsonPath = readonly (string | number)[];

/**
 * The steps of a path as errors print it (`spec.http[0].match[1].headers.end-user`, `spec.labels[app.kubernetes.io/name]`).
 * Keys may hold dots themselves: of several readings, the one whose keys exist in the value is meant.
 */
export function parsePath(path: string, value: Json): JsonPath {
  const steps: (string | number)[] = [];
  let rest = path;
  let at: Json | undefined = value;
  while (rest !== '') {
    const index = /^\[(\d+)\]/.exec(rest);
    let step: string | number;
    let used: number;
    if (index !== null && Array.isArray(at)) {
      step = Number(index[1]);
      used = index[0].length;
      at = (at as readonly Json[])[step];
    } else {
      const text = rest.startsWith('.') ? rest.slice(1) : rest;
      const skipped = rest.length - text.length;
      const keys: string[] = typeof at === 'object' && at !== null && !Array.isArray(at) ? Object.keys(at) : [];
      const bracket = /^\[([^\]]*)\]/.exec(text);
      if (bracket !== null) {
        step = bracket[1] ?? '';
        used = skipped + bracket[0].length;
      } else {
        const known = keys.filter((key) => text === key || text.startsWith(`${key}.`) || text.startsWith(`${key}[`)).sort((a, b) => b.length - a.length)[0];
        step = known ?? /^[^.[]*/.exec(text)?.[0] ?? text;
        used = skipped + step.length;
      }
      const object = typeof at === 'object' && at !== null && !Array.isArray(at) ? (at as JsonObject) : undefined;
      at = object?.[step];
      if (used === 0) break;
    }
    steps.push(step);
    rest = rest.slice(used);
  }
  return steps;
}

/** Offset of what a path leads to: of the key of a property, of an item of a list. Where the path ends early, of its last known part. */
export function offsetOf(document: Document, path: JsonPath): number {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = (node.items as Pair[]).find((one) => isScalar(one.key) && String(one.key.value) === String(step));
      if (pair === undefined) return offset;
      offset = startOf(pair.key);
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      if (item === undefined || item === null) return offset;
      offset = startOf(item);
      node = item;
    } else {
      return offset;
    }
  }
  return offset;
}
