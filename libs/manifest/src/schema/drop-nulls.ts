import type { Json, JsonObject } from '@meshfleet/model';
import { childSchema } from './schema-node.ts';
import type { SchemaNode } from './schema-node.ts';

/** Takes out nulls where the schema allows none, as the API server does: an empty `http:` in YAML sets nothing. */
export function dropNulls(value: Json, node: SchemaNode | undefined): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => dropNulls(item, node?.items));
  if (typeof value !== 'object' || value === null) return value;
  const kept: Record<string, Json> = {};
  for (const [key, one] of Object.entries(value as JsonObject)) {
    const child = childSchema(node, key);
    if (one === null && child !== undefined && child.nullable !== true) continue;
    kept[key] = dropNulls(one, child);
  }
  return kept;
}
