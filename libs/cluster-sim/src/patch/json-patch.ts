import { badRequest, StatusError } from '../server/status-error.ts';
import { isRecord, jsonEqual } from '../apply/json-equal.ts';

/** More operations than this are refused, as kube-apiserver does. */
const MAX_OPERATIONS = 10_000;

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** RFC 6902. A failed operation or test is 422 Invalid, a malformed document 400: both leave the object as it was. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  if (patch.length > MAX_OPERATIONS) throw tooLarge(patch.length);
  let result: unknown = structuredClone(document);
  for (const raw of patch) result = applyOperation(result, readOperation(raw));
  return result;
}

function applyOperation(document: unknown, operation: Operation): unknown {
  const path = pointer(operation.path);
  switch (operation.op) {
    case 'add':
      return add(document, path, structuredClone(operation.value), operation);
    case 'remove':
      return remove(document, path, operation);
    case 'replace':
      if (path.length === 0) return structuredClone(operation.value);
      return write(document, path, structuredClone(operation.value), operation);
    case 'move': {
      const value = readFrom(document, operation);
      return add(remove(document, pointer(operation.from ?? ''), operation), path, value, operation);
    }
    case 'copy':
      return add(document, path, structuredClone(readFrom(document, operation)), operation);
    case 'test': {
      const value = read(document, path);
      // A test for null passes where nothing is.
      const same = value === MISSING ? operation.value === null : jsonEqual(value, operation.value);
      if (!same) throw refused(`testing value ${operation.path} failed: test failed`);
      return document;
    }
    default:
      throw refused(`Unexpected kind: ${operation.op}`);
  }
}

function readOperation(raw: unknown): Operation {
  if (!isRecord(raw) || typeof raw['op'] !== 'string' || typeof raw['path'] !== 'string') {
    throw badRequest('error decoding patch: each operation needs "op" and "path"');
  }
  const { op, path, from } = raw;
  if (['add', 'replace', 'test'].includes(op) && !Object.hasOwn(raw, 'value')) throw refused(`${op} operation needs a value: ${path}`);
  return { op, path, ...(typeof from === 'string' ? { from } : {}), value: raw['value'] };
}

function readFrom(document: unknown, operation: Operation): unknown {
  if (operation.from === undefined) throw refused(`${operation.op} operation needs "from": ${operation.path}`);
  const path = pointer(operation.from);
  const value = read(document, path);
  if (value !== MISSING) return value;
  // A key that an object does not have reads as null; the container itself must be there.
  if (Array.isArray(container(document, path, operation))) throw refused(`${operation.op} operation does not apply: Unable to access invalid index: ${operation.from}: invalid index referenced`);
  return null;
}

const MISSING = Symbol('missing');

function pointer(text: string): string[] {
  if (text === '') return [];
  if (!text.startsWith('/')) throw refused(`path does not start with "/": ${text}: missing value`);
  return text.slice(1).split('/').map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: unknown, path: readonly string[]): unknown {
  let node: unknown = document;
  for (const token of path) {
    if (Array.isArray(node)) node = /^(0|[1-9]\d*)$/.test(token) && Number(token) < node.length ? node[Number(token)] : MISSING;
    else node = isRecord(node) && Object.hasOwn(node, token) ? node[token] : MISSING;
    if (node === MISSING) return MISSING;
  }
  return node;
}

/** The container of the last token; the document is our own copy, so it is changed in place. */
function container(document: unknown, path: readonly string[], operation: Operation): unknown[] | Record<string, unknown> {
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent) || isRecord(parent)) return parent;
  throw refused(`${operation.op} operation does not apply: doc is missing path: ${JSON.stringify(operation.path)}: missing value`);
}

function add(document: unknown, path: readonly string[], value: unknown, operation: Operation): unknown {
  if (path.length === 0) return value;
  const parent = container(document, path, operation);
  const token = path.at(-1) ?? '';
  if (!Array.isArray(parent)) {
    setOwn(parent, token, value);
  } else if (token === '-') {
    parent.push(value);
  } else {
    const index = arrayIndex(token, parent.length, operation);
    parent.splice(index, 0, value);
  }
  return document;
}

function remove(document: unknown, path: readonly string[], operation: Operation): unknown {
  if (path.length === 0) return null;
  const parent = container(document, path, operation);
  const token = path.at(-1) ?? '';
  if (Array.isArray(parent)) {
    parent.splice(arrayIndex(token, parent.length - 1, operation), 1);
  } else {
    if (!Object.hasOwn(parent, token)) throw refused(`${operation.op} operation does not apply: Unable to remove nonexistent key: ${token}: missing value`);
    delete parent[token];
  }
  return document;
}

/** Replacing a key that an object does not have sets it: kube-apiserver's library does so, whatever RFC 6902 says. */
function write(document: unknown, path: readonly string[], value: unknown, operation: Operation): unknown {
  const parent = container(document, path, operation);
  const token = path.at(-1) ?? '';
  if (Array.isArray(parent)) parent[arrayIndex(token, parent.length - 1, operation)] = value;
  else setOwn(parent, token, value);
  return document;
}

function arrayIndex(token: string, highest: number, operation: Operation): number {
  if (!/^-?\d+$/.test(token)) throw refused(`${operation.op} operation does not apply: strconv.Atoi: parsing ${JSON.stringify(token)}: invalid syntax`);
  const index = Number(token) < 0 ? highest + 1 + Number(token) : Number(token);
  if (index < 0 || index > highest) throw refused(`${operation.op} operation does not apply: Unable to access invalid index: ${token}: invalid index referenced`);
  return index;
}

/** `__proto__` is a key like any other in JSON. */
function setOwn(record: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
}

/** kube-apiserver keeps the reason to itself here; it goes along as the error's cause for who debugs a simulation. */
function refused(why: string): StatusError {
  const error = new StatusError({ code: 422, reason: 'Invalid', message: 'the server rejected our request due to an error in our request', details: {} });
  error.cause = why;
  return error;
}

function tooLarge(count: number): StatusError {
  return new StatusError({
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: `Request entity is too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${count}`,
  });
}
