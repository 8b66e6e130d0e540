import type { Json } from '@meshfleet/model';

/** The cause types of a 422 Status, as k8s.io/apimachinery's field errors name them. */
export type ViolationReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueTypeInvalid'
  | 'FieldValueDuplicate'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueForbidden';

export interface SchemaViolation {
  /** `spec.http[0].retries`; `<nil>` for the object as a whole, as the API server prints it. */
  readonly path: string;
  readonly reason: ViolationReason;
  /** What follows the path in the API server's answer, and stands in `causes[].message`. */
  readonly message: string;
}

/** The path that the API server prints for an error about the object as a whole (a nil field path in Go). */
export const WHOLE_OBJECT = '<nil>';

/** `spec.replicas: Required value`: one violation as the API server words it in the message of a Status. */
export function formatViolation(violation: SchemaViolation): string {
  return `${violation.path}: ${violation.message}`;
}

export function required(path: string, detail = ''): SchemaViolation {
  return { path, reason: 'FieldValueRequired', message: withDetail('Required value', detail) };
}

export function forbidden(path: string, detail: string): SchemaViolation {
  return { path, reason: 'FieldValueForbidden', message: withDetail('Forbidden', detail) };
}

export function invalid(path: string, value: Json | undefined, detail: string): SchemaViolation {
  const head = value === undefined ? 'Invalid value' : `Invalid value: ${printValue(value)}`;
  return { path, reason: 'FieldValueInvalid', message: withDetail(head, detail) };
}

export function typeInvalid(path: string, value: string, detail: string): SchemaViolation {
  return { path, reason: 'FieldValueTypeInvalid', message: `Invalid value: ${goQuote(value)}: ${detail}` };
}

export function notSupported(path: string, value: Json, supported: readonly Json[]): SchemaViolation {
  const names = supported.map((one) => goQuote(typeof one === 'string' ? one : goJson(one)));
  const detail = names.length === 0 ? '' : `supported values: ${names.join(', ')}`;
  return { path, reason: 'FieldValueNotSupported', message: withDetail(`Unsupported value: ${printValue(value)}`, detail) };
}

export function duplicate(path: string, value: Json | undefined): SchemaViolation {
  const message = value === undefined ? 'Duplicate value' : `Duplicate value: ${printValue(value)}`;
  return { path, reason: 'FieldValueDuplicate', message };
}

export function tooLong(path: string, max: number): SchemaViolation {
  return { path, reason: 'FieldValueTooLong', message: `Too long: may not be more than ${max} ${max === 1 ? 'byte' : 'bytes'}` };
}

export function tooMany(path: string, actual: number, max: number): SchemaViolation {
  return { path, reason: 'FieldValueTooMany', message: `Too many: ${actual}: must have at most ${max} ${max === 1 ? 'item' : 'items'}` };
}

function withDetail(head: string, detail: string): string {
  return detail === '' ? head : `${head}: ${detail}`;
}

function printValue(value: Json): string {
  return typeof value === 'string' ? goQuote(value) : goJson(value);
}

const SHORT_ESCAPES: Record<string, string> = {
  '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '"': '\\"', '\\': '\\\\',
};

/** A string as Go's %q prints it. */
export function goQuote(text: string): string {
  return `"${text.replace(/[\x00-\x1f"\\\x7f]/g, (c) => SHORT_ESCAPES[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
}

/** JSON as Go's encoding/json prints it: keys sorted; <, > and & escaped. */
export function goJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, one]) => `${goJson(key)}:${goJson(one)}`).join(',')}}`;
  }
  const text = JSON.stringify(value);
  return typeof value === 'string' ? text.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`) : text;
}
