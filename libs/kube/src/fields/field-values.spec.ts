import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldSet } from './field-set.ts';
import { commonFields, copyFields, fieldsAbsentIn, fieldsDiffering, isLeaf, joinFields, subtractFields } from './field-values.ts';

/** The fields of a plain object, as the API server tracks those of a structure: lists are atomic. */
const fieldsOf = (value: object): FieldSet =>
  Object.fromEntries(Object.entries(value).map(([name, each]) => [`f:${name}`, typeof each === 'object' && each !== null && !Array.isArray(each) && Object.keys(each as object).length > 0 ? fieldsOf(each as object) : {}]));

const leaf = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 }));
const names = fc.constantFrom('a', 'b', 'c');
const flat = fc.dictionary(names, leaf, { minKeys: 1 });
const nested = fc.dictionary(names, fc.oneof(leaf, flat), { minKeys: 1 });

describe('copying fields', () => {
  it('leaves no trace when what was there is copied back', () => {
    fc.assert(
      fc.property(nested, nested, (before, ours) => {
        // Who says `a.b` where there is a plain `a` replaces it: the API server refuses that for types of a schema.
        const merged = merge(before, ours);
        fc.pre(merged !== undefined);
        const set = fieldsOf(ours);
        const former = copyFields({}, before, set);
        expect(copyFields(merged, former, set) ?? {}).toEqual(before);
      }),
    );
  });

  it('keeps what others added to an item of ours, and takes the item when nobody did', () => {
    const set = { 'f:ports': { 'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:port': {} }, 'k:{"name":"b"}': { '.': {}, 'f:name': {}, 'f:port': {} } } };
    const live = { ports: [{ name: 'a', port: 1 }, { name: 'b', port: 2, theirs: true }, { name: 'c', port: 3 }] };
    expect(copyFields(live, {}, set)).toEqual({ ports: [{ name: 'b', theirs: true }, { name: 'c', port: 3 }] });
    expect(copyFields(live, { ports: [{ name: 'a', port: 9 }] }, set)).toEqual({ ports: [{ name: 'a', port: 9 }, { name: 'b', theirs: true }, { name: 'c', port: 3 }] });
  });

  it('leaves another’s item in place, without our field of it', () => {
    const set = { 'f:ports': { 'k:{"name":"a"}': { 'f:port': {} } } };
    expect(copyFields({ ports: [{ name: 'a', port: 1 }] }, {}, set)).toEqual({ ports: [{ name: 'a' }] });
  });

  it('treats members of a set one by one', () => {
    const set = { 'f:finalizers': { 'v:"a"': {}, 'v:"b"': {} } };
    expect(copyFields({ finalizers: ['a', 'x'] }, { finalizers: ['b'] }, set)).toEqual({ finalizers: ['x', 'b'] });
    expect(copyFields({ finalizers: ['a'] }, undefined, set)).toBeUndefined();
  });
});

describe('sets of fields', () => {
  const set: FieldSet = { 'f:spec': { 'f:hosts': {}, 'f:http': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } } };
  it('are taken from each other', () => {
    expect(subtractFields(set, { 'f:spec': { 'f:hosts': {} } })).toEqual({ ...set, 'f:spec': { 'f:http': {} } });
    expect(isLeaf(subtractFields(set, set))).toBe(true);
    expect(subtractFields(set, { 'f:spec': {} })).toEqual(set);
    expect(subtractFields({ 'f:spec': {} }, set)).toEqual({});
    expect(commonFields(set, { 'f:spec': { 'f:hosts': {}, 'f:other': {} } })).toEqual({ 'f:spec': { 'f:hosts': {} } });
    expect(joinFields({ 'f:spec': { 'f:hosts': {} } }, { 'f:spec': { 'f:http': {} } })).toEqual({ 'f:spec': { 'f:hosts': {}, 'f:http': {} } });
  });

  it('are looked for in objects', () => {
    expect(fieldsAbsentIn(set, { spec: { hosts: [] }, metadata: { labels: { a: 'b' } } })).toEqual({ 'f:spec': { 'f:http': {} } });
    const here = { spec: { hosts: ['x'], http: [{ timeout: '1s', name: 'a' }] }, metadata: { labels: { a: 'b' } } };
    expect(fieldsDiffering(set, here, { spec: { hosts: ['x'], http: [{ name: 'a', timeout: '1s' }] }, metadata: { labels: { a: 'c' } } })).toEqual({ 'f:metadata': { 'f:labels': { 'f:a': {} } } });
    expect(fieldsDiffering(set, here, { spec: { hosts: ['y'] }, metadata: { labels: { a: 'b' } } })).toEqual({ 'f:spec': { 'f:hosts': {}, 'f:http': {} } });
    expect(fieldsAbsentIn({ 'f:ports': { 'k:{"name":"a"}': { 'f:port': {} }, 'k:{"name":"b"}': {} } }, { ports: [{ name: 'a' }] })).toEqual({ 'f:ports': { 'k:{"name":"a"}': { 'f:port': {} }, 'k:{"name":"b"}': {} } });
  });
});

type Plain = { readonly [name: string]: unknown };
function merge(before: Plain, ours: Plain): Plain | undefined {
  const merged: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(ours)) {
    const mine = merged[name];
    const maps = [mine, value].filter((each) => typeof each === 'object' && each !== null && !Array.isArray(each));
    if (mine !== undefined && maps.length === 1) return undefined;
    if (mine !== undefined && maps.length === 2) {
      const inner = merge(mine as Plain, value as Plain); // both are maps
      if (inner === undefined) return undefined;
      merged[name] = inner;
    } else merged[name] = value;
  }
  return merged;
}
