import type { Json, JsonObject } from '@meshfleet/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPatch, patchProblem } from './apply-patch.ts';

const merge = (object: JsonObject, value: Json) => applyPatch(object, { type: 'MERGE', value });
const json = (object: JsonObject, value: Json) => applyPatch(object, { type: 'JSON', value });

describe('a merge patch', () => {
  it.each<[JsonObject, Json, Json]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('on %j of %j gives %j', (object, patch, result) => {
    expect(merge(object, patch)).toEqual({ value: result });
  });

  it('applied twice gives what it gave once, and leaves the object alone', () => {
    const value = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
    const mapping = fc.dictionary(fc.string(), value) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(mapping, mapping, (object, patch) => {
        const before = structuredClone(object);
        const once = merge(object, patch);
        expect(object).toEqual(before);
        expect('value' in once && merge(once.value as JsonObject, patch)).toEqual(once);
      }),
    );
  });
});

describe('a JSON patch', () => {
  it('adds, replaces, removes, moves, copies and tests', () => {
    const object = { spec: { hosts: ['a'], old: 1, keep: true } };
    expect(
      json(object, [
        { op: 'test', path: '/spec/keep', value: true },
        { op: 'add', path: '/spec/hosts/-', value: 'b' },
        { op: 'replace', path: '/spec/hosts/0', value: 'c' },
        { op: 'move', from: '/spec/old', path: '/spec/new' },
        { op: 'copy', from: '/spec/new', path: '/spec/twin' },
        { op: 'remove', path: '/spec/keep' },
      ]),
    ).toEqual({ value: { spec: { hosts: ['c', 'b'], new: 1, twin: 1 } } });
    expect(object).toEqual({ spec: { hosts: ['a'], old: 1, keep: true } });
  });

  it.each<[Json, string]>([
    [[{ op: 'replace', path: '/spec/none', value: 1 }], 'operation 1 (replace /spec/none) names a field that the object does not have'],
    [[{ op: 'remove', path: '/none' }], 'operation 1 (remove /none) names a field that the object does not have'],
    [[{ op: 'add', path: '/none/deeper', value: 1 }], 'operation 1 (add /none/deeper) adds to something that the object does not have'],
    [[{ op: 'test', path: '/spec', value: 1 }], 'operation 1 (test /spec) tests for another value than the object has'],
    [[{ op: 'add', path: '/list/9', value: 1 }], 'operation 1 (add /list/9) names an item that the list does not have'],
    [[{ op: 'move', path: '/a', from: '/none' }], 'operation 1 (move /a) takes from a field that the object does not have'],
  ])('that does not fit says which operation: %j', (operations, problem) => {
    expect(json({ spec: {}, list: [] }, operations)).toEqual({ problem });
  });
});

describe('a JSON patch of somebody who means ill', () => {
  const doubling = (times: number): Json => Array.from({ length: times }, (_, index) => ({ op: 'copy', from: '/spec', path: `/spec/${index}` }));

  it('copies up to 2 MiB and no further', () => {
    expect(json({ spec: { x: 'x'.repeat(900) } }, doubling(10))).toHaveProperty('value');
    expect(json({ spec: { x: 'x'.repeat(900) } }, doubling(40))).toEqual({ problem: 'operation 12 (copy /spec/11) makes the object grow by more than 2 MiB' });
  });

  it('cannot move what is large again and again either', () => {
    const moves = Array.from({ length: 100 }, (_, index) => ({ op: 'move', from: `/${'ab'[index % 2] ?? ''}`, path: `/${'ba'[index % 2] ?? ''}` }));
    expect(json({ a: 'x'.repeat(1024) }, moves)).toHaveProperty('value');
    expect(json({ a: 'x'.repeat(1024 * 1024) }, moves)).toEqual({ problem: 'operation 2 (move /a) makes the object grow by more than 2 MiB' });
  });

  it.each(['/constructor', '/spec/constructor', '/__proto__', '/list/constructor', '/list/length', '/spec/toString'])('takes nothing that every object inherits: %s', (from) => {
    expect(json({ spec: {}, list: [] }, [{ op: 'copy', from, path: '/x' }])).toEqual({ problem: 'operation 1 (copy /x) takes from a field that the object does not have' });
  });

  it.each(['/constructor/x', '/constructor/prototype/x', '/__proto__/x', '/list/constructor/x'])('adds nothing to what every object inherits: %s', (path) => {
    expect(json({ spec: {}, list: [] }, [{ op: 'add', path, value: 1 }])).toHaveProperty('problem');
    expect('x' in {} || 'x' in Object || 'x' in Array).toBe(false);
  });

  it('is the same after it was applied', () => {
    const operations = [
      { op: 'add', path: '/list', value: [] },
      { op: 'add', path: '/list/-', value: 1 },
    ];
    expect(json({}, operations)).toEqual({ value: { list: [1] } });
    expect(json({}, operations)).toEqual({ value: { list: [1] } });
  });
});

describe('a patch that fits nothing at all', () => {
  it.each<['MERGE' | 'JSON', Json, RegExp]>([
    ['MERGE', ['x'], /is a mapping/],
    ['MERGE', 'x', /is a mapping/],
    ['JSON', { spec: 1 }, /is a list of operations/],
    ['JSON', [], /has no operation/],
    ['JSON', Array.from({ length: 101 }, () => ({ op: 'remove', path: '/a' })), /has more than 100 operations/],
    ['JSON', [{ op: 'add', path: 'spec', value: 1 }], /Operation 1 of the JSON patch: is no JSON pointer/],
    ['JSON', [{ op: 'add', path: '/a', value: 1 }, { op: 'grow', path: '/a' }], /Operation 2/],
  ])('is refused before: %s %j', (type, value, problem) => {
    expect(patchProblem({ type, value })).toMatch(problem);
  });
});
