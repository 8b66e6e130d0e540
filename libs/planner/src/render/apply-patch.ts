import type { Json, JsonObject } from '@meshfleet/model';
import jsonPatch from 'fast-json-patch';
import type { Operation } from 'fast-json-patch';
import { z } from 'zod';
import { Growth } from './growth.ts';
import type { Patch } from './template.ts';

const pointer = z.string().regex(/^(\/([^~]|~[01])*)*$/, 'is no JSON pointer: it begins with / and names one step after another');
const operation = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('add'), path: pointer, value: z.json() }),
  z.strictObject({ op: z.literal('replace'), path: pointer, value: z.json() }),
  z.strictObject({ op: z.literal('test'), path: pointer, value: z.json() }),
  z.strictObject({ op: z.literal('remove'), path: pointer }),
  z.strictObject({ op: z.literal('move'), path: pointer, from: pointer }),
  z.strictObject({ op: z.literal('copy'), path: pointer, from: pointer }),
]);
type PatchOperation = z.output<typeof operation>;
const operations = z.array(operation).min(1, 'has no operation').max(100, 'has more than 100 operations');

/** What is wrong with a patch whatever it is applied to; undefined when nothing is. */
export function patchProblem({ type, value }: Pick<Patch, 'type' | 'value'>): string | undefined {
  if (type === 'MERGE') {
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'A merge patch is a mapping that looks like the object';
  }
  const parsed = operations.safeParse(value);
  if (parsed.success) return undefined;
  const [issue] = parsed.error.issues;
  const [at] = issue?.path ?? [];
  const where = typeof at === 'number' ? `Operation ${at + 1} of the JSON patch` : 'The JSON patch';
  return Array.isArray(value) ? `${where}: ${issue?.message ?? 'is not sound'}` : 'A JSON patch is a list of operations, each with op and path';
}

type Applied = { readonly value: Json } | { readonly problem: string };

/**
 * The object as a patch leaves it, or why the patch does not fit it. Never changes object nor patch. What copies and moves
 * carry is taken from the growth that the object is allowed.
 */
export function applyPatch(object: JsonObject, { type, value }: Pick<Patch, 'type' | 'value'>, growth = Growth.ofObject()): Applied {
  if (type === 'MERGE') return { value: mergePatch(object, value) };
  const problem = patchProblem({ type, value });
  if (problem !== undefined) return { problem };
  // The operations are what the schema above lets through; copies, since operations change the values that earlier ones added.
  const applied = structuredClone(value) as unknown as readonly PatchOperation[];
  let document: Json = structuredClone(object);
  for (const [index, one] of applied.entries()) {
    const result = applyOne(document, one, growth);
    if ('problem' in result) return { problem: `operation ${index + 1} (${one.op} ${one.path}) ${result.problem}` };
    document = result.value;
  }
  return { value: document };
}

/** RFC 6902: a copy adds what is there, a move removes it first. Said so, neither makes the library clone the whole document. */
function applyOne(document: Json, one: PatchOperation, growth: Growth): Applied {
  if (one.op !== 'copy' && one.op !== 'move') return applyPlain(document, one);
  const carried = valueAt(document, one.from);
  if (carried === undefined) return { problem: 'takes from a field that the object does not have' };
  if (!growth.take(JSON.stringify(carried).length)) return { problem: `makes ${growth.excess}` };
  const left = one.op === 'copy' ? { value: document } : applyPlain(document, { op: 'remove', path: one.from });
  return 'problem' in left ? left : applyPlain(left.value, { op: 'add', path: one.path, value: structuredClone(carried) });
}

function applyPlain(document: Json, one: Operation): Applied {
  try {
    // Validated: without it, paths lead to what every object inherits.
    return { value: jsonPatch.applyOperation<Json>(document, one, true, true, true).newDocument };
  } catch (error) {
    return { problem: reasonOf(error) };
  }
}

/** RFC 6901, own fields alone. */
function valueAt(document: Json, pointed: string): Json | undefined {
  let value: Json | undefined = document;
  for (const escaped of pointed.split('/').slice(1)) {
    const step = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step) || (Array.isArray(value) && !/^\d+$/.test(step))) return undefined;
    value = (value as JsonObject)[step];
  }
  return value;
}

/** RFC 7386: mappings are merged, null removes, everything else replaces. */
function mergePatch(target: Json | undefined, patch: Json): Json {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged = new Map<string, Json>(typeof target === 'object' && target !== null && !Array.isArray(target) ? Object.entries(target as JsonObject) : []);
  for (const [key, value] of Object.entries(patch as JsonObject)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

function reasonOf(error: unknown): string {
  switch ((error as { name?: string }).name) {
    case 'TEST_OPERATION_FAILED':
      return 'tests for another value than the object has';
    case 'OPERATION_PATH_UNRESOLVABLE':
      return 'names a field that the object does not have';
    case 'OPERATION_PATH_CANNOT_ADD':
      return 'adds to something that the object does not have';
    case 'OPERATION_PATH_ILLEGAL_ARRAY_INDEX':
    case 'OPERATION_VALUE_OUT_OF_BOUNDS':
      return 'names an item that the list does not have';
    case undefined:
    default:
      return 'does not fit the object';
  }
}
