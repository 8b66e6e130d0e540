import type { Json, JsonObject } from './kubernetes.ts';

const SCHEMAS_BY_NAME = new Set(['properties', 'patternProperties', 'definitions']);
const SCHEMAS = new Set(['items', 'additionalProperties', 'not', 'oneOf', 'anyOf', 'allOf']);
const PROSE = new Set(['description', 'title', 'example', 'externalDocs']);

/** An OpenAPI schema without descriptions. A property that happens to be called `description` stays. */
export function schemaWithoutProse(schema: JsonObject): JsonObject {
  const strip = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== 'object' || value === null) return value;
    const out: Record<string, Json> = {};
    for (const [key, one] of Object.entries(value as JsonObject)) {
      if (PROSE.has(key)) continue;
      if (SCHEMAS_BY_NAME.has(key)) out[key] = Object.fromEntries(Object.entries(one as JsonObject).map(([name, sub]) => [name, strip(sub)]));
      else out[key] = SCHEMAS.has(key) ? strip(one) : one;
    }
    return out;
  };
  return strip(schema) as JsonObject;
}
