import { canonicalJson } from '@meshfleet/model';
import type { FieldSet } from './field-set.ts';
import { childOf, parseKeys } from './field-set.ts';

/**
 * What `into` would be with the fields of `set` as they are in `from`; what is not in `from` goes. Everything else of `into` stays. Neither is changed.
 * Undefined when nothing is left that was there.
 */
export function copyFields(into: unknown, from: unknown, set: FieldSet): unknown {
  const below = Object.keys(set).filter((key) => key !== '.');
  const [first] = below;
  if (first === undefined) return from;
  if (first.startsWith('k:')) return copyItems(into, from, set, below);
  if (first.startsWith('v:')) return copyMembers(into, from, below);
  const copy: Record<string, unknown> = isRecord(into) ? { ...into } : {};
  const source: Readonly<Record<string, unknown>> = isRecord(from) ? from : {};
  for (const key of below) {
    const name = key.slice(2);
    const value = copyFields(copy[name], source[name], childOf(set, key) ?? {});
    if (value === undefined) delete copy[name];
    else copy[name] = value;
  }
  const wasEmpty = isRecord(from) && Object.keys(from).length === 0;
  return Object.keys(copy).length === 0 && !wasEmpty ? undefined : copy;
}

function copyItems(into: unknown, from: unknown, set: FieldSet, below: readonly string[]): unknown {
  const list: unknown[] = Array.isArray(into) ? [...(into as unknown[])] : [];
  const source: readonly unknown[] = Array.isArray(from) ? from : [];
  for (const key of below) {
    const keys = parseKeys(key) ?? {};
    const isIt = (item: unknown): boolean => isRecord(item) && Object.entries(keys).every(([name, value]) => item[name] === value);
    const fields = childOf(set, key) ?? {};
    const at = list.findIndex(isIt);
    const wanted = source.find(isIt);
    const rest = withoutKeys(fields, keys);
    const copied = isLeaf(rest) ? list[at] : copyFields(list[at], wanted, rest);
    if (wanted !== undefined) {
      const item = { ...(isLeaf(rest) && isLeaf(fields) ? (wanted as object) : {}), ...(isRecord(copied) ? copied : {}), ...keys };
      if (at === -1) list.push(item);
      else list[at] = item;
    } else if (at !== -1) {
      // An item of ours goes, unless somebody has added something to it; another's is theirs without our fields.
      const others = Object.keys(isRecord(copied) ? copied : {}).filter((name) => !(name in keys));
      if (others.length > 0 || !('.' in fields)) list[at] = { ...(isRecord(copied) ? copied : {}), ...keys };
      else list.splice(at, 1);
    }
  }
  return list.length === 0 && !Array.isArray(from) ? undefined : list;
}

function copyMembers(into: unknown, from: unknown, below: readonly string[]): unknown {
  const list: readonly unknown[] = Array.isArray(into) ? into : [];
  const source: readonly unknown[] = Array.isArray(from) ? from : [];
  const members = new Set(below.map((key) => key.slice(2)));
  const kept = list.filter((member) => !members.has(JSON.stringify(member)) || source.includes(member));
  const added = source.filter((member) => members.has(JSON.stringify(member)) && !kept.includes(member));
  const copy = [...kept, ...added];
  return copy.length === 0 && !Array.isArray(from) ? undefined : copy;
}

/**
 * The fields of `set` that are not in `other`. A set that names nothing below a field means the field as one value, or that the map as such is held and
 * none of what is in it: where the other set knows of something below, it is the latter.
 */
export function subtractFields(set: FieldSet, other: FieldSet | undefined): FieldSet {
  if (other === undefined) return set;
  const left: Record<string, unknown> = {};
  for (const key of Object.keys(set)) {
    const mine = childOf(set, key) ?? {};
    const theirs = childOf(other, key);
    if (theirs === undefined || (isLeaf(theirs) && !isLeaf(mine))) left[key] = mine;
    else if (!isLeaf(mine)) {
      const rest = subtractFields(mine, theirs);
      if (!isLeaf(rest)) left[key] = rest;
    }
  }
  return left;
}

/** The fields of both. */
export const commonFields = (set: FieldSet, other: FieldSet): FieldSet => subtractFields(set, subtractFields(set, other));

/** The fields of either. */
export function joinFields(set: FieldSet, other: FieldSet): FieldSet {
  const joined: Record<string, unknown> = { ...set };
  for (const key of Object.keys(other)) joined[key] = joinFields(childOf(set, key) ?? {}, childOf(other, key) ?? {});
  return joined;
}

/** The fields of `set` for which an object says nothing. */
export function fieldsAbsentIn(set: FieldSet, object: unknown): FieldSet {
  const absent: Record<string, unknown> = {};
  for (const key of Object.keys(set)) {
    const value = key === '.' ? object : valueAt(object, key);
    const below = childOf(set, key) ?? {};
    if (value === undefined) absent[key] = below;
    else if (key !== '.' && !isLeaf(below)) {
      const rest = fieldsAbsentIn(below, value);
      if (!isLeaf(rest)) absent[key] = rest;
    }
  }
  return absent;
}

/** The fields of `set` that one object says otherwise than another; what only one of them says differs. */
export function fieldsDiffering(set: FieldSet, one: unknown, other: unknown): FieldSet {
  const differing: Record<string, unknown> = {};
  for (const key of Object.keys(set).filter((each) => each !== '.')) {
    const [mine, theirs] = [valueAt(one, key), valueAt(other, key)];
    const below = childOf(set, key) ?? {};
    if (isLeaf(below)) {
      if (canonicalJson({ value: mine }) !== canonicalJson({ value: theirs })) differing[key] = below;
    } else {
      const rest = fieldsDiffering(below, mine, theirs);
      if (!isLeaf(rest)) differing[key] = rest;
    }
  }
  return differing;
}

/** Whether a set names nothing below itself. */
export const isLeaf = (set: FieldSet): boolean => Object.keys(set).every((key) => key === '.');

function valueAt(object: unknown, key: string): unknown {
  const rest = key.slice(2);
  if (key.startsWith('f:')) return isRecord(object) ? object[rest] : undefined;
  const list: readonly unknown[] = Array.isArray(object) ? object : [];
  if (key.startsWith('v:')) return list.find((member) => JSON.stringify(member) === rest);
  const keys = Object.entries(parseKeys(key) ?? {});
  return list.find((item) => isRecord(item) && keys.every(([name, value]) => item[name] === value));
}

const withoutKeys = (fields: FieldSet, keys: object): FieldSet => Object.fromEntries(Object.entries(fields).filter(([key]) => !(key.startsWith('f:') && key.slice(2) in keys)));

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
