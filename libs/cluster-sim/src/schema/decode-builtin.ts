import type { KubeObject } from '@meshfleet/model';
import { goTypeOf, typeNameOf } from '../kinds/builtin-schema.ts';
import type { ResourceInfo, SchemaNode } from '../seam.ts';
import { badRequest } from '../server/status-error.ts';
import { goStruct, shapeAsGo } from './go-struct.ts';
import { canonicalQuantity, QUANTITY_PROBLEM } from './quantity.ts';

export interface Decoded {
  /** A fresh tree that may be changed: nulls and unknown fields are gone, quantities are canonical. */
  readonly object: KubeObject;
  /** Paths of fields that the type does not have, as strict decoding names them: `spec.template.spec.contaners`. */
  readonly unknown: readonly string[];
}

interface Walk {
  readonly info: ResourceInfo;
  readonly unknown: string[];
  readonly keepUnknown: boolean;
}

/**
 * Reads JSON as Go would into the built-in type. Throws 400 with Go's words when a value has the wrong type. Unknown fields stay in
 * the tree with `keepUnknown`: for a look at the defaults before the fields are judged.
 */
export function decodeBuiltin(info: ResourceInfo, schema: SchemaNode, object: KubeObject, keepUnknown = false): Decoded {
  const walk: Walk = { info, unknown: [], keepUnknown };
  // Objects came in as JSON objects with apiVersion, kind and metadata; the walk keeps those.
  const decoded = decodeObject(walk, schema, object, '', []) as KubeObject;
  return { object: { ...decoded, apiVersion: object.apiVersion, kind: object.kind, metadata: decoded.metadata ?? {} }, unknown: walk.unknown };
}

/** Reads one struct on its own, as the metadata of custom resources is read; fields that it does not have are passed over. */
export function decodeStruct(info: ResourceInfo, schema: SchemaNode, value: object): Record<string, unknown> {
  return decodeObject({ info, unknown: [], keepUnknown: false }, schema, value, '', []);
}

/** The 400 of a body that cannot be read as its kind; its cause is Go's own words, for callers that say it otherwise. */
export function cannotBeHandled(info: ResourceInfo, why: string, byJson = true): Error {
  return Object.assign(badRequest(`${info.kind} in version ${JSON.stringify(info.version)} cannot be handled as a ${info.kind}: ${why}`), { cause: new UndecodableError(why, byJson) });
}

/** Why a value does not fit its Go type. `byJson`: encoding/json says so, and not the type itself. */
export class UndecodableError extends Error {
  readonly byJson: boolean;

  constructor(why: string, byJson: boolean) {
    super(why);
    this.byJson = byJson;
  }
}

function decodeValue(walk: Walk, node: SchemaNode, value: unknown, path: string, fields: readonly string[], holder: SchemaNode): unknown {
  // Shared, not copied: nothing below an open type is ever defaulted.
  if (node['x-kubernetes-preserve-unknown-fields'] === true) return value;
  if (node['x-kubernetes-int-or-string'] === true) {
    if (typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))) return value;
    return refuse(walk, value, 'intstr.IntOrString', fields, holder);
  }
  if (isQuantity(node)) return decodeQuantity(walk, value);
  switch (node.type) {
    case 'array': return decodeArray(walk, node, value, path, fields, holder);
    case 'object': return decodeMapOrStruct(walk, node, value, path, fields, holder);
    case 'string': return decodeText(walk, node, value, fields, holder);
    case 'boolean': return typeof value === 'boolean' ? value : refuse(walk, value, 'bool', fields, holder);
    case 'integer': return typeof value === 'number' && Number.isInteger(value) ? value : refuse(walk, value, node.format ?? 'int64', fields, holder);
    case 'number': return typeof value === 'number' ? value : refuse(walk, value, 'float64', fields, holder);
    default: return value;
  }
}

function decodeMapOrStruct(walk: Walk, node: SchemaNode, value: unknown, path: string, fields: readonly string[], holder: SchemaNode): unknown {
  if (!isObject(value)) return refuse(walk, value, goName(node), fields, holder);
  if (node.properties !== undefined) return decodeObject(walk, node, value, path, fields);
  const child = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  if (child === undefined) return {};
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    // Go reads a null in a map of text as the empty text.
    if (item === null) result[key] = child.type === 'string' ? '' : child.type === 'object' ? {} : null;
    else result[key] = decodeValue(walk, child, item, `${path}.${key}`, fields, holder);
  }
  return result;
}

function decodeObject(walk: Walk, node: SchemaNode, value: object, path: string, fields: readonly string[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const properties = node.properties ?? {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    if (!Object.hasOwn(properties, key)) {
      walk.unknown.push(path === '' ? key : `${path}.${key}`);
      if (walk.keepUnknown) result[key] = item;
      continue;
    }
    const child = properties[key];
    if (item === null || child === undefined) continue;
    result[key] = decodeValue(walk, child, item, path === '' ? key : `${path}.${key}`, [...fields, key], node);
  }
  const typeName = typeNameOf(node);
  const struct = typeName === undefined ? undefined : goStruct(typeName);
  if (struct !== undefined) shapeAsGo(result, struct);
  return result;
}

function decodeArray(walk: Walk, node: SchemaNode, value: unknown, path: string, fields: readonly string[], holder: SchemaNode): unknown {
  if (!Array.isArray(value)) return refuse(walk, value, goName(node), fields, holder);
  const items = node.items;
  if (items === undefined) return value;
  return value.map((item: unknown, index) => (item === null ? {} : decodeValue(walk, items, item, `${path}[${index}]`, fields, holder)));
}

function decodeText(walk: Walk, node: SchemaNode, value: unknown, fields: readonly string[], holder: SchemaNode): unknown {
  if (typeof value !== 'string') return refuse(walk, value, 'string', fields, holder);
  if (node.format === 'byte') {
    const bad = illegalBase64(value);
    if (bad !== undefined) throw cannotBeHandled(walk.info, `illegal base64 data at input byte ${bad}`);
  }
  if (node.format === 'date-time') return decodeTime(walk, value, typeNameOf(node)?.endsWith('.MicroTime') === true);
  return value;
}

/** Go's time layouts: MicroTime takes six digits of a second's fraction and nothing else. */
function decodeTime(walk: Walk, value: string, micro: boolean): string {
  const layout = micro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00';
  const refuseAt = (rest: string, part: string) => cannotBeHandled(walk.info, `parsing time ${JSON.stringify(value)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(part)}`, false);
  const moment = Date.parse(value);
  if (Number.isNaN(moment)) throw refuseAt(value, '2006');
  const fraction = /\.\d+/.exec(value)?.[0] ?? '';
  if (micro && fraction.length !== 7) throw refuseAt(value.replace(/^.{19}(\.\d*)?/, ''), '.000000');
  return `${new Date(moment).toISOString().slice(0, 19)}${micro ? fraction : ''}Z`;
}

function decodeQuantity(walk: Walk, value: unknown): unknown {
  const canonical = typeof value === 'string' || typeof value === 'number' ? canonicalQuantity(String(value)) : undefined;
  if (canonical === undefined) throw cannotBeHandled(walk.info, QUANTITY_PROBLEM);
  return canonical;
}

function refuse(walk: Walk, value: unknown, goType: string, fields: readonly string[], holder: SchemaNode): never {
  const seen = typeof value === 'boolean' ? 'bool' : Array.isArray(value) ? 'array' : typeof value === 'number' && goType.startsWith('int') ? `number ${value}` : typeof value;
  throw cannotBeHandled(walk.info, `json: cannot unmarshal ${seen} into Go struct field ${goTypeOf(holder) ?? walk.info.kind}.${fields.join('.')} of type ${goType}`);
}

function goName(node: SchemaNode): string {
  if (node.type === 'array') return `[]${node.items === undefined ? 'interface {}' : goName(node.items)}`;
  if (node.type === 'object' && node.properties === undefined) return `map[string]${typeof node.additionalProperties === 'object' ? goName(node.additionalProperties) : 'string'}`;
  if (node.type === 'integer') return node.format ?? 'int64';
  if (node.type === 'boolean') return 'bool';
  const type = goTypeOf(node);
  return type === undefined ? (node.type ?? 'interface {}') : `v1.${type}`;
}

const isQuantity = (node: SchemaNode): boolean => node.type === undefined && 'oneOf' in node;
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Offset of the first byte that is no base64, as Go's encoding/base64 reports it. */
function illegalBase64(text: string): number | undefined {
  const clean = text.replace(/[\r\n]/g, '');
  const bad = clean.search(/[^A-Za-z0-9+/=]/);
  if (bad !== -1) return bad;
  const padding = clean.indexOf('=');
  if (padding !== -1 && !/^={1,2}$/.test(clean.slice(padding))) return padding;
  return clean.length % 4 === 0 ? undefined : Math.floor(clean.length / 4) * 4;
}

