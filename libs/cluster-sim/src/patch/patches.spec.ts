import fc from 'fast-check';
import fastJsonPatch from 'fast-json-patch';
import { describe, expect, it } from 'vitest';
import { deepFreeze } from '../storage/freeze.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer({ min: -5, max: 5 }),
    fc.constantFrom('', 'a', 'b~/c'),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c/d', 'e~f'), tie('value'), { maxKeys: 3 }),
  ),
})).value;
const record = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), json, { maxKeys: 4 });

describe('JSON patch', () => {
  it('turns any document into any other by the patch that tells them apart', () => {
    fc.assert(fc.property(record, record, (before, after) => {
      deepFreeze(before);
      const patch = fastJsonPatch.compare(before, after);
      expect(applyJsonPatch(before, patch)).toEqual(after);
    }));
  });

  it('moves, copies and tests', () => {
    const document = { a: { b: [1, 2, 3] } };
    expect(applyJsonPatch(document, [
      { op: 'test', path: '/a/b/0', value: 1 },
      { op: 'copy', from: '/a/b/0', path: '/a/b/-' },
      { op: 'move', from: '/a/b', path: '/c' },
      { op: 'replace', path: '/c/1', value: 9 },
      { op: 'remove', path: '/a' },
    ])).toEqual({ c: [1, 9, 3, 1] });
  });

  it.each([
    [[{ op: 'test', path: '/a', value: 2 }], 422],
    [[{ op: 'remove', path: '/nothing' }], 422],
    [[{ op: 'replace', path: '/nothing/below', value: 1 }], 422],
    [[{ op: 'replace', path: '/list/7', value: 1 }], 422],
    [[{ op: 'add', path: '/x/y', value: 1 }], 422],
    [[{ op: 'add', path: '/list/7', value: 1 }], 422],
    [[{ op: 'jump', path: '/a' }], 422],
    [[{ op: 'add', path: 'a', value: 1 }], 422],
    [{ a: 1 }, 400],
    [[{ op: 'add' }], 400],
    [Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/a', value: 1 })), 413],
  ])('refuses %j', (patch, code) => {
    const document = deepFreeze({ a: 1, list: [1] });
    expect(() => applyJsonPatch(document, patch)).toThrow(expect.objectContaining({ status: expect.objectContaining({ code }) }));
  });

  it('takes __proto__ for a key like any other', () => {
    const patched = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }]);
    expect(Object.getPrototypeOf({})).not.toHaveProperty('polluted');
    expect(JSON.stringify(patched)).toBe('{"__proto__":{"polluted":true}}');
  });
});

describe('merge patch', () => {
  it('is idempotent and leaves the target alone', () => {
    fc.assert(fc.property(record, record, (target, patch) => {
      deepFreeze(target);
      const once = applyMergePatch(target, patch);
      expect(applyMergePatch(once, patch)).toEqual(once);
    }));
  });

  it.each([
    // The table of RFC 7386, appendix A.
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, result) => {
    expect(applyMergePatch(target, patch)).toEqual(result);
  });
});
