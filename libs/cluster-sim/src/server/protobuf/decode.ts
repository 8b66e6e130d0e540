import facts from '../../generated/kubernetes-protobuf.json' with { type: 'json' };
import { badRequest } from '../status-error.ts';
import { malformed, readFields, type WireField } from './wire-reader.ts';

/** `k8s` and a zero byte: every protobuf body of Kubernetes begins so. */
const MAGIC = [0x6b, 0x38, 0x73, 0x00];
const ENVELOPE_TYPE_META = 1;
const ENVELOPE_RAW = 2;

/** `held`: the sum of 1 pointer, 2 omitempty, 4 omitzero. */
type Field = readonly [number: number, name: string, type: string, held: number];
type Decoded = Record<string, unknown>;

// The generator writes exactly this shape; JSON imports widen tuples to arrays.
const messages = facts.messages as unknown as { readonly [type: string]: readonly Field[] };
const packages = facts.groups as { readonly [apiVersion: string]: string };
const byNumber = new Map<string, Map<number, Field>>();
const text = new TextDecoder();

/** Reads the protobuf body of a built-in kind into the JSON form of the same object: kubectl's typed commands write nothing else. */
export function decodeProtobuf(body: Uint8Array): Decoded {
  if (MAGIC.some((byte, index) => body[index] !== byte)) throw malformed();
  let kind = '';
  let apiVersion = '';
  let raw: Uint8Array = new Uint8Array();
  for (const { number, value } of readFields(body.subarray(MAGIC.length))) {
    if (number === ENVELOPE_RAW) raw = bytesOf(value);
    if (number !== ENVELOPE_TYPE_META) continue;
    for (const field of readFields(bytesOf(value))) {
      if (field.number === 1) apiVersion = text.decode(bytesOf(field.value));
      if (field.number === 2) kind = text.decode(bytesOf(field.value));
    }
  }
  const type = typeOf(apiVersion, kind);
  if (type === undefined) throw badRequest(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`);
  return { apiVersion, kind, ...decodeMessage(raw, type) };
}

function typeOf(apiVersion: string, kind: string): string | undefined {
  const path = packages[apiVersion];
  const own = path === undefined ? undefined : `${path.replace('k8s.io/api/', '^')}.${kind}`;
  if (own !== undefined && messages[own] !== undefined) return own;
  // DeleteOptions belongs to every group.
  const meta = `~meta/v1.${kind}`;
  return messages[meta] === undefined ? undefined : meta;
}

function decodeMessage(bytes: Uint8Array, type: string): Decoded {
  const fields = fieldsOf(type);
  const out: Decoded = {};
  for (const wire of readFields(bytes)) {
    const field = fields.get(wire.number);
    if (field !== undefined) place(out, field, wire);
  }
  return out;
}

function place(out: Decoded, field: Field, wire: WireField): void {
  const [, name, type, held] = field;
  if (name === '') {
    Object.assign(out, decodeMessage(bytesOf(wire.value), type));
  } else if (type.startsWith('[]')) {
    const list = (out[name] ??= []) as unknown[];
    list.push(decodeValue(wire, type.slice(2)));
  } else if (type.startsWith('{}')) {
    const map = (out[name] ??= {}) as Decoded;
    const [key, value] = decodeEntry(bytesOf(wire.value), type.slice(2));
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    const value = decodeValue(wire, type);
    // Go writes zeros of fields held by value; JSON leaves them out. A pointer to zero is meant.
    const zero = value === '' || value === 0 || value === false || value === null || value === undefined;
    if (!zero || ((held % 2 === 1 || held === 0) && value !== null && value !== undefined)) out[name] = value;
  }
}

function decodeEntry(bytes: Uint8Array, type: string): [string, unknown] {
  let key = '';
  let value: unknown = type === 'string' ? '' : type === 'bytes' ? '' : {};
  for (const wire of readFields(bytes)) {
    if (wire.number === 1) key = text.decode(bytesOf(wire.value));
    if (wire.number === 2) value = decodeValue(wire, type);
  }
  return [key, value];
}

function decodeValue({ value }: WireField, type: string): unknown {
  switch (type) {
    case 'string':
      return text.decode(bytesOf(value));
    case 'bool':
      return value !== 0n;
    case 'int':
    case 'double':
      return Number(value);
    case 'bytes':
      return Buffer.from(bytesOf(value)).toString('base64');
    case 'quantity':
      return firstText(bytesOf(value), 1);
    case 'rawJson':
      return rawJson(bytesOf(value));
    case 'intOrString':
      return intOrString(bytesOf(value));
    case 'time':
    case 'microTime':
      return time(bytesOf(value));
    case 'duration':
      return duration(bytesOf(value));
    default:
      return type.startsWith('items:')
        ? [...readFields(bytesOf(value))].map((wire) => decodeValue(wire, type.slice('items:'.length)))
        : decodeMessage(bytesOf(value), type);
  }
}

function fieldsOf(type: string): Map<number, Field> {
  let fields = byNumber.get(type);
  if (fields === undefined) {
    fields = new Map((messages[type] ?? []).map((field) => [field[0], field]));
    byNumber.set(type, fields);
  }
  return fields;
}

function bytesOf(value: WireField['value']): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw malformed();
}

function firstText(bytes: Uint8Array, number: number): string {
  for (const wire of readFields(bytes)) if (wire.number === number) return text.decode(bytesOf(wire.value));
  return '';
}

function rawJson(bytes: Uint8Array): unknown {
  const raw = firstText(bytes, 1);
  return raw === '' ? null : (JSON.parse(raw) as unknown);
}

function numbersOf(bytes: Uint8Array): Map<number, number> {
  return new Map([...readFields(bytes)].flatMap(({ number, value }) => (typeof value === 'bigint' ? [[number, Number(value)] as const] : [])));
}

function intOrString(bytes: Uint8Array): unknown {
  const numbers = numbersOf(bytes);
  return numbers.get(1) === 1 ? firstText(bytes, 3) : (numbers.get(2) ?? 0);
}

/** The zero time is an empty message: nothing is set. */
function time(bytes: Uint8Array): string | null {
  const numbers = numbersOf(bytes);
  const [seconds, nanos] = [numbers.get(1), numbers.get(2) ?? 0];
  if (seconds === undefined || (seconds === 0 && nanos === 0)) return null;
  const iso = new Date(seconds * 1_000).toISOString().slice(0, 19);
  return nanos === 0 ? `${iso}Z` : `${iso}.${String(Math.floor(nanos / 1_000)).padStart(6, '0')}Z`;
}

function duration(bytes: Uint8Array): string {
  return `${(numbersOf(bytes).get(1) ?? 0) / 1e9}s`;
}
