import { isRecord, jsonEqual } from '../apply/json-equal.ts';
import { badRequest, StatusError } from '../server/status-error.ts';
import type { SchemaNode } from '../seam.ts';
import { alignOrder } from './element-order.ts';
import { goPrint } from './go-print.ts';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_PRIMITIVES = '$deleteFromPrimitiveList/';
const ELEMENT_ORDER = '$setElementOrder/';

type Fields = Record<string, unknown>;

/**
 * Strategic merge patch of built-in types: lists of objects merge by `x-kubernetes-patch-merge-key`, and directives
 * (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList/…`, `$setElementOrder/…`) say what plain JSON cannot.
 *
 * The patch is used up: directives that were obeyed are gone from it, and nulls that had nothing to remove. kube-apiserver prints what is left of a
 * patch when its result is no object of the kind.
 */
export function applyStrategicPatch(target: unknown, patch: unknown, node: SchemaNode): unknown {
  if (!isRecord(patch)) throw badRequest('error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}');
  return mergeMap(isRecord(target) ? target : {}, patch, node);
}

function mergeMap(target: Fields, patch: Fields, node: SchemaNode | undefined): Fields {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') {
    delete patch[DIRECTIVE];
    return bare(patch);
  }
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') throw badRequest(`unknown patch type: ${String(directive)}`);
  const out: Fields = { ...retained(target, patch) };
  delete patch[RETAIN_KEYS];
  for (const [name, list] of Object.entries(patch)) {
    if (!name.startsWith(DELETE_PRIMITIVES)) continue;
    const field = name.slice(DELETE_PRIMITIVES.length);
    const current = out[field];
    if (Array.isArray(current) && Array.isArray(list)) out[field] = current.filter((item) => !list.some((gone) => jsonEqual(gone, item)));
  }
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$')) continue;
    if (value === null) delete out[name];
    else out[name] = mergeField(Object.hasOwn(out, name) ? out[name] : undefined, value, childNode(node, name));
  }
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(ELEMENT_ORDER) || !Array.isArray(order)) continue;
    const field = name.slice(ELEMENT_ORDER.length);
    const current = out[field];
    if (Array.isArray(current)) out[field] = alignOrder(current, order, Array.isArray(target[field]) ? target[field] : [], mergeKey(childNode(node, field)));
    delete patch[name];
    delete patch[field];
  }
  return out;
}

function mergeField(current: unknown, value: unknown, node: SchemaNode | undefined): unknown {
  if (isRecord(value) ? !isRecord(current) : !Array.isArray(current)) {
    discardNulls(value);
    // Nothing is merged, so the patch stays as it is from here on.
    return mergeAlike(current, structuredClone(value), node);
  }
  return mergeAlike(current, value, node);
}

function mergeAlike(current: unknown, value: unknown, node: SchemaNode | undefined): unknown {
  if (isRecord(value)) {
    // `replace` on a map field whose strategy says so: the new map stands alone.
    if (strategies(node).includes('replace')) return bare(value);
    return mergeMap(isRecord(current) ? current : {}, value, node);
  }
  if (!Array.isArray(value)) return value;
  if (!strategies(node).includes('merge')) return bareList(value);
  const items = Array.isArray(current) ? current : [];
  const key = mergeKey(node);
  const merged = key === undefined ? mergePrimitives(items, value) : mergeItems(items, value, key, node);
  // What the patch names comes in its order; what only the server knows keeps its place among that.
  return alignOrder(merged, value, items, key);
}

/** Lists of scalars are sets under the merge strategy. */
function mergePrimitives(current: readonly unknown[], patch: readonly unknown[]): unknown[] {
  return [...current, ...patch.filter((item, index) => !current.some((known) => jsonEqual(known, item)) && patch.findIndex((other) => jsonEqual(other, item)) === index)];
}

function mergeItems(current: readonly unknown[], patch: readonly unknown[], key: string, node: SchemaNode | undefined): unknown[] {
  const items = patch.map((item) => {
    if (!isRecord(item)) throw badRequest(`map: expected an object in a list that merges by ${key}`);
    return item;
  });
  if (items.some((item) => item[DIRECTIVE] === 'replace' && Object.keys(item).length === 1)) {
    return items.filter((item) => item[DIRECTIVE] !== 'replace').map(bare);
  }
  let out = [...current];
  for (const item of items) {
    if (!Object.hasOwn(item, key)) throw new StatusError({ code: 500, message: `map: ${goPrint(item)} does not contain declared merge key: ${key}` });
    const matches = (known: unknown): boolean => isRecord(known) && jsonEqual(known[key], item[key]);
    if (item[DIRECTIVE] === 'delete') {
      out = out.filter((known) => !matches(known));
      continue;
    }
    const at = out.findIndex(matches);
    if (at === -1) out.push(mergeMap({}, structuredClone(item), node?.items));
    else if (item[DIRECTIVE] === 'replace') out[at] = bare(item);
    else out[at] = mergeMap(out[at] as Fields, item, node?.items);
  }
  return out;
}

function retained(target: Fields, patch: Fields): Fields {
  const keep = patch[RETAIN_KEYS];
  if (!Array.isArray(keep)) return target;
  return Object.fromEntries(Object.entries(target).filter(([name]) => keep.includes(name)));
}

/** In place: where there is nothing to merge with, null removes nothing. */
function discardNulls(value: unknown): void {
  if (Array.isArray(value)) value.forEach(discardNulls);
  if (!isRecord(value)) return;
  for (const [name, child] of Object.entries(value)) {
    if (child === null) Reflect.deleteProperty(value, name);
    else discardNulls(child);
  }
}

/** Without directives, at every depth: what stands alone goes into the object as it is. */
function bare(record: Fields): Fields {
  const out: Fields = {};
  for (const [name, value] of Object.entries(record)) {
    if (name.startsWith('$') || value === null) continue;
    out[name] = isRecord(value) ? bare(value) : Array.isArray(value) ? bareList(value) : value;
  }
  return out;
}

function bareList(list: readonly unknown[]): unknown[] {
  return list.map((item) => (isRecord(item) ? bare(item) : item));
}

function childNode(node: SchemaNode | undefined, name: string): SchemaNode | undefined {
  const declared = node?.properties !== undefined && Object.hasOwn(node.properties, name) ? node.properties[name] : undefined;
  return declared ?? (typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined);
}

function mergeKey(node: SchemaNode | undefined): string | undefined {
  return node?.['x-kubernetes-patch-merge-key'];
}

function strategies(node: SchemaNode | undefined): string[] {
  return node?.['x-kubernetes-patch-strategy']?.split(',') ?? [];
}
