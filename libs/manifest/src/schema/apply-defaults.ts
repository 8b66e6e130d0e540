import type { Json, JsonObject } from '@meshfleet/model';
import { anyNode, childSchema } from './schema-node.ts';
import type { SchemaNode } from './schema-node.ts';

const defaulted = new WeakMap<SchemaNode, boolean>();

function hasDefaults(node: SchemaNode): boolean {
  const known = defaulted.get(node);
  if (known !== undefined) return known;
  const answer = anyNode(node, (one) => one.default !== undefined);
  defaulted.set(node, answer);
  return answer;
}

/**
 * Fills in defaults as the API server does on write and on read. A null where the schema allows none is dropped
 * first, or replaced where there is a default (structural defaulting, pkg/apiserver/schema/defaulting).
 * Values that need no change come back as they are.
 */
export function applyDefaults(value: Json, node: SchemaNode | undefined): Json {
  if (Array.isArray(value)) return mapList(value, node?.items);
  if (typeof value !== 'object' || value === null) return value;
  return mapObject(value as JsonObject, node);
}

function mapList(list: readonly Json[], items: SchemaNode | undefined): Json {
  let copy: Json[] | undefined;
  for (let i = 0; i < list.length; i += 1) {
    const item = list[i] as Json;
    const filled = applyDefaults(item === null && items !== undefined && items.nullable !== true ? (items.default ?? null) : item, items);
    if (filled === item) continue;
    copy ??= [...list];
    copy[i] = filled;
  }
  return copy ?? list;
}

function mapObject(object: JsonObject, node: SchemaNode | undefined): Json {
  let copy: Record<string, Json> | undefined;
  const set = (key: string, value: Json | undefined): void => {
    copy ??= { ...object };
    if (value === undefined) delete copy[key];
    else copy[key] = value;
  };
  if (node?.properties !== undefined && hasDefaults(node)) {
    for (const [key, child] of Object.entries(node.properties)) {
      if (child.default !== undefined && object[key] === undefined) set(key, applyDefaults(child.default, child));
    }
  }
  for (const key of Object.keys(object)) {
    const one = object[key] as Json;
    const child = childSchema(node, key);
    if (one === null) {
      if (child !== undefined && child.nullable !== true) set(key, child.default === undefined ? undefined : applyDefaults(child.default, child));
    } else if (typeof one === 'object') {
      const filled = applyDefaults(one, child);
      if (filled !== one) set(key, filled);
    }
  }
  return copy ?? object;
}
