import type { Json, JsonObject } from '@meshfleet/model';
import { valueSchema } from './schema-node.ts';
import type { SchemaNode } from './schema-node.ts';

const META_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

export interface Pruned {
  readonly value: Json;
  /** Paths of the fields taken out, sorted: `spec.http[0].routes`. */
  readonly pruned: string[];
}

/** Takes out the fields that a schema does not know, as the API server does before it stores an object. */
export function pruneUnknown(value: Json, node: SchemaNode, isRoot: boolean): Pruned {
  const pruned: string[] = [];
  const result = prune(value, node, '', isRoot || node['x-kubernetes-embedded-resource'] === true, node['x-kubernetes-preserve-unknown-fields'] === true, pruned);
  return { value: result, pruned: pruned.sort() };
}

/** `keep`: unknown fields at this level stay, while known ones below are still pruned by their own schema. */
function prune(value: Json, node: SchemaNode | undefined, path: string, isObjectRoot: boolean, keep: boolean, pruned: string[]): Json {
  if (Array.isArray(value)) return pruneList(value, node, path, keep, pruned);
  if (typeof value !== 'object' || value === null) return value;
  const object = value as JsonObject;
  const values = node === undefined ? undefined : valueSchema(node);
  let copy: Record<string, Json> | undefined;
  for (const key of Object.keys(object)) {
    if (isObjectRoot && META_FIELDS.has(key)) continue;
    const one = object[key] as Json;
    const at = path === '' ? key : `${path}.${key}`;
    const property = node?.properties !== undefined && Object.hasOwn(node.properties, key) ? node.properties[key] : undefined;
    const child = property ?? values;
    if (child !== undefined) {
      const kept = prune(one, child, at, child['x-kubernetes-embedded-resource'] === true, child['x-kubernetes-preserve-unknown-fields'] === true, pruned);
      if (kept !== one) (copy ??= { ...object })[key] = kept;
    } else if (!keep && node?.additionalProperties !== true) {
      delete (copy ??= { ...object })[key];
      pruned.push(at);
    }
  }
  return copy ?? object;
}

function pruneList(list: readonly Json[], node: SchemaNode | undefined, path: string, keep: boolean, pruned: string[]): Json {
  const items = node?.items;
  if (items === undefined && keep) return list;
  const keepItems = items?.['x-kubernetes-preserve-unknown-fields'] === true;
  let copy: Json[] | undefined;
  for (let i = 0; i < list.length; i += 1) {
    const item = list[i] as Json;
    const kept = prune(item, items, `${path}[${i}]`, items?.['x-kubernetes-embedded-resource'] === true, keepItems, pruned);
    if (kept !== item) (copy ??= [...list])[i] = kept;
  }
  return copy ?? list;
}
