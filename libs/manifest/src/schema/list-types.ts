import type { Json, JsonObject } from '@meshfleet/model';
import { anyNode, valueSchema } from './schema-node.ts';
import type { SchemaNode } from './schema-node.ts';
import { duplicate, goJson, invalid } from './violation.ts';
import type { SchemaViolation } from './violation.ts';

const needed = new WeakMap<SchemaNode, boolean>();

function hasListTypes(node: SchemaNode): boolean {
  const known = needed.get(node);
  if (known !== undefined) return known;
  const answer = anyNode(node, (one) => one['x-kubernetes-list-type'] === 'set' || one['x-kubernetes-list-type'] === 'map');
  needed.set(node, answer);
  return answer;
}

/** Items of lists of type set, and keys of lists of type map, stand once; every second appearance is reported, once. */
export function checkListTypes(node: SchemaNode, value: Json, path: string, out: SchemaViolation[]): void {
  if (typeof value !== 'object' || value === null || !hasListTypes(node)) return;
  if (Array.isArray(value)) {
    checkList(node, value, path, out);
    if (node.items !== undefined) for (const [i, item] of (value as readonly Json[]).entries()) checkListTypes(node.items, item, `${path}[${i}]`, out);
    return;
  }
  const values = valueSchema(node);
  for (const [key, one] of Object.entries(value as JsonObject)) {
    const property = node.properties !== undefined && Object.hasOwn(node.properties, key) ? node.properties[key] : undefined;
    if (property !== undefined) checkListTypes(property, one, path === '' ? key : `${path}.${key}`, out);
    else if (values !== undefined) checkListTypes(values, one, `${path}[${key}]`, out);
  }
}

function checkList(node: SchemaNode, list: readonly Json[], path: string, out: SchemaViolation[]): void {
  const type = node['x-kubernetes-list-type'];
  if (type === 'set') {
    for (const i of repeated(list)) out.push(duplicate(`${path}[${i}]`, list[i] as Json));
  } else if (type === 'map') {
    const stray = list.findIndex((item) => item !== null && (typeof item !== 'object' || Array.isArray(item)));
    if (stray !== -1) {
      out.push(invalid(`${path}[${stray}]`, list[stray], 'must be an object for an array of list-type map'));
      return;
    }
    const names = node['x-kubernetes-list-map-keys'] ?? [];
    const keys = list.map((item) => Object.fromEntries(names.flatMap((name) => keyPart(item, name))));
    for (const i of repeated(keys)) out.push(duplicate(`${path}[${i}]`, keys[i]));
  }
}

function keyPart(item: Json, name: string): [string, Json][] {
  const value = item === null ? undefined : (item as JsonObject)[name];
  return value === undefined ? [] : [[name, value]];
}

/** Index of each value's second appearance. */
function repeated(list: readonly Json[]): number[] {
  if (list.length < 2) return [];
  const seen = new Map<string, number>();
  const second: number[] = [];
  list.forEach((value, i) => {
    const key = goJson(value);
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    if (times === 2) second.push(i);
  });
  return second;
}
