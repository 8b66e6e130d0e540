import type { Json, JsonObject } from '@meshfleet/model';
import type { SchemaNode } from './schema-node.ts';
import { goJson } from './violation.ts';

/**
 * Finds the item of the old list that an item of the new list continues. Only lists of type map can be correlated,
 * by their keys; for all others there is nothing to compare with (k8s.io/apiserver/pkg/cel/common/maplist.go).
 */
export function correlateItems(schema: SchemaNode, old: Json | undefined): ((item: Json) => Json | undefined) | undefined {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || keys === undefined || !Array.isArray(old)) return undefined;
  const byKey = new Map<string, Json>();
  for (const item of old as readonly Json[]) {
    const key = mapKey(item, keys);
    if (key !== undefined && !byKey.has(key)) byKey.set(key, item);
  }
  return (item) => {
    const key = mapKey(item, keys);
    return key === undefined ? undefined : byKey.get(key);
  };
}

function mapKey(item: Json, keys: readonly string[]): string | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined;
  const object = item as JsonObject;
  return goJson(keys.map((key) => object[key] ?? null));
}
