import type { JsonObject } from '@meshfleet/model';

/** The parts of a JSON Schema that speak of a path; of alternatives those that what is given can be, or all. */
export function partsAt(schema: JsonObject, path: readonly string[], given: unknown): JsonObject[] {
  let [parts, value] = [alternatives(schema, given), given];
  for (const step of path) {
    value = isObject(value) ? value[step] : undefined;
    parts = parts.flatMap((part) => within(part, step)).flatMap((part) => alternatives(part, value));
  }
  return parts;
}

/** Names of the fields that these parts know. */
export function keysAt(parts: readonly JsonObject[]): string[] {
  return [...new Set(parts.flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : [])))];
}

function within(part: JsonObject, step: string): JsonObject[] {
  const { properties, items, additionalProperties } = part;
  const inner = (isObject(properties) ? properties[step] : undefined) ?? (/^\d+$/.test(step) ? items : undefined) ?? additionalProperties;
  return isObject(inner) ? [inner as JsonObject] : [];
}

function alternatives(part: JsonObject, value: unknown): JsonObject[] {
  const branches = [part['oneOf'], part['anyOf'], part['allOf']].flatMap((list) => (Array.isArray(list) ? list.filter(isObject) : [])) as JsonObject[];
  if (branches.length === 0) return [part];
  const fitting = branches.filter((branch) => isToldBy(branch, value));
  const inner = (fitting.length > 0 ? fitting : branches).flatMap((branch) => alternatives(branch, value));
  return 'description' in part ? [part, ...inner] : inner;
}

/** Whether the value says of itself that it is of this branch: `scope: MESH`. */
function isToldBy({ properties }: JsonObject, value: unknown): boolean {
  if (!isObject(properties) || !isObject(value)) return false;
  return Object.entries(properties).some(([name, field]) => isObject(field) && field['const'] !== undefined && field['const'] === value[name]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
