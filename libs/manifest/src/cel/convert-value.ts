import type { Json, JsonObject } from '@meshfleet/model';
import { childSchema, valueSchema } from '../schema/schema-node.ts';
import type { SchemaNode } from '../schema/schema-node.ts';
import { isGoDuration } from '../schema/string-formats.ts';
import type { CelConversions } from './compile-rule.ts';

/**
 * JSON as CEL sees it under a schema: integers become CEL ints (bigint), `date-time`, `duration` and `byte` strings
 * become their types, and properties get the escaped names that rules use (`__namespace__` for `namespace`).
 * Where nothing needs to change the value itself comes back, so that most of an object is never copied.
 */
export function toCelValue(value: Json, node: SchemaNode | undefined, convert: CelConversions): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return convertArray(value, node?.items, convert);
  switch (typeof value) {
    case 'object':
      return convertObject(value as JsonObject, node, convert);
    case 'number':
      return node?.type === 'number' || !Number.isInteger(value) ? value : BigInt(value);
    case 'string':
      return node?.format === undefined ? value : convertString(value, node.format, convert);
    default:
      return value;
  }
}

function convertArray(list: readonly Json[], items: SchemaNode | undefined, convert: CelConversions): unknown {
  let copy: unknown[] | undefined;
  for (let i = 0; i < list.length; i += 1) {
    const one = list[i] as Json;
    const converted = toCelValue(one, items, convert);
    if (converted !== one) copy ??= [...list];
    if (copy !== undefined) copy[i] = converted;
  }
  return copy ?? list;
}

function convertObject(object: JsonObject, node: SchemaNode | undefined, convert: CelConversions): unknown {
  const keys = Object.keys(object);
  const isMap = node !== undefined && valueSchema(node) !== undefined && node.properties === undefined;
  let changed = false;
  const entries: [string, unknown][] = [];
  for (const key of keys) {
    const one = object[key] as Json;
    const converted = toCelValue(one, childSchema(node, key), convert);
    const name = isMap ? key : escapeProperty(key);
    if (converted !== one || name !== key) changed = true;
    entries.push([name, converted]);
  }
  // CEL's runtime tells maps from typed objects by `constructor`; a key of that name must not mislead it.
  if (Object.hasOwn(object, 'constructor') || Object.hasOwn(object, '__proto__')) return new Map(entries);
  if (!changed) return object;
  const copy: Record<string, unknown> = {};
  for (const [key, one] of entries) copy[key] = one;
  return copy;
}

function convertString(text: string, format: string, convert: CelConversions): unknown {
  switch (format) {
    case 'date-time':
    case 'datetime':
    case 'date': {
      const time = Date.parse(format === 'date' ? `${text}T00:00:00Z` : text);
      return Number.isNaN(time) ? text : new Date(time);
    }
    case 'duration':
      return isGoDuration(text) ? convert.duration(text) : text;
    case 'byte':
      return convert.bytes(text);
    default:
      return text;
  }
}

const RESERVED = new Set([
  'true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package',
  'namespace', 'return', 'var', 'void', 'while',
]);

/** The name under which a rule reaches a property (k8s.io/apiserver/pkg/cel/escaping.go). */
export function escapeProperty(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`;
  if (!/__|[.\-/]/.test(name)) return name;
  return name.replace(/__|[.\-/]/g, (part) => (part === '__' ? '__underscores__' : part === '.' ? '__dot__' : part === '-' ? '__dash__' : '__slash__'));
}
