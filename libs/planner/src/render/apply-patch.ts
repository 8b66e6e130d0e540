import type { Json, JsonObject } from '@meshfleet/model';
import jsonPatch from 'fast-json-patch';
import type { Operation } from 'fast-json-patch';
import { z } from 'zod';
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
const operations = z.array(operation).min(1, 'has no operation').max(1000, 'has more than 1000 operations');

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

/** The object as a patch leaves it, or why the patch does not fit it. Never changes its argument. */
export function applyPatch(object: JsonObject, { type, value }: Pick<Patch, 'type' | 'value'>): { readonly value: Json } | { readonly problem: string } {
  if (type === 'MERGE') return { value: mergePatch(object, value) };
  const problem = patchProblem({ type, value });
  if (problem !== undefined) return { problem };
  try {
    // The operations are what the schema above lets through; the copy is deep.
    return { value: jsonPatch.applyPatch(structuredClone(object), value as unknown as Operation[], true, true, true).newDocument };
  } catch (error) {
    return { problem: reasonOf(error) };
  }
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
  const { name, operation: failed, index } = error as { name?: string; operation?: { op?: string; path?: string }; index?: number };
  const at = `operation ${(index ?? 0) + 1} (${failed?.op ?? ''} ${failed?.path ?? ''})`;
  switch (name) {
    case 'TEST_OPERATION_FAILED':
      return `${at} tests for another value than the object has`;
    case 'OPERATION_PATH_UNRESOLVABLE':
      return `${at} names a field that the object does not have`;
    case 'OPERATION_PATH_CANNOT_ADD':
      return `${at} adds to something that the object does not have`;
    case 'OPERATION_FROM_UNRESOLVABLE':
      return `${at} takes from a field that the object does not have`;
    case 'OPERATION_PATH_ILLEGAL_ARRAY_INDEX':
    case 'OPERATION_VALUE_OUT_OF_BOUNDS':
      return `${at} names an item that the list does not have`;
    case undefined:
    default:
      return `${at} does not fit the object`;
  }
}
