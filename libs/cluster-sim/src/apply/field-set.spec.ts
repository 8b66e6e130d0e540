import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldSet } from './field-set.ts';
import { fieldElement, formatPath, keyElement, valueElement, type Path } from './path-element.ts';

const element = fc.oneof(
  fc.constantFrom('a', 'b', 'c').map(fieldElement),
  fc.constantFrom('x', 'y').map((name) => keyElement({ name })),
  fc.constantFrom('s', 't').map(valueElement),
);
const path: fc.Arbitrary<Path> = fc.array(element, { minLength: 1, maxLength: 4 });
const set = fc.array(path, { maxLength: 12 }).map((paths) => FieldSet.of(...paths));
const texts = (fields: FieldSet): string[] => fields.paths().map(formatPath).sort();

describe('FieldSet', () => {
  it('survives the way through FieldsV1', () => {
    fc.assert(fc.property(set, (fields) => {
      const back = FieldSet.fromFieldsV1(JSON.parse(JSON.stringify(fields.toFieldsV1())));
      expect(back?.equals(fields)).toBe(true);
    }));
  });

  it('is a set algebra over its paths', () => {
    fc.assert(fc.property(set, set, (a, b) => {
      const [left, right] = [new Set(texts(a)), new Set(texts(b))];
      expect(texts(a.union(b))).toEqual([...left.union(right)].sort());
      expect(texts(a.intersection(b))).toEqual([...left.intersection(right)].sort());
      expect(texts(a.difference(b))).toEqual([...left.difference(right)].sort());
    }));
  });

  it('takes what lies below a member in a recursive difference', () => {
    const fields = FieldSet.of(['f:spec', 'f:a'], ['f:spec'], ['f:status', 'f:b', 'f:c']);
    expect(texts(fields.recursiveDifference(FieldSet.of(['f:status'])))).toEqual(['.spec', '.spec.a']);
  });

  it('writes a member with children as "."', () => {
    const fields = FieldSet.of(['f:labels'], ['f:labels', 'f:app']);
    expect(fields.toFieldsV1()).toEqual({ 'f:labels': { '.': {}, 'f:app': {} } });
  });

  it('writes fields before keys before values', () => {
    const fields = FieldSet.of(['v:1'], ['k:{"name":"x"}'], ['f:z']);
    expect(Object.keys(fields.toFieldsV1())).toEqual(['f:z', 'k:{"name":"x"}', 'v:1']);
  });

  it.each([[{ 'z:what': {} }], [{ 'k:not json': {} }], [{ 'f:a': 3 }], ['text'], [null], [{ 'i:x': {} }]])('refuses %j as FieldsV1', (fields) => {
    expect(FieldSet.fromFieldsV1(fields)).toBeUndefined();
  });

  it('keeps its operands as they were', () => {
    fc.assert(fc.property(set, set, (a, b) => {
      const before = [texts(a), texts(b)];
      a.union(b);
      a.difference(b);
      a.intersection(b);
      expect([texts(a), texts(b)]).toEqual(before);
    }));
  });
});

describe('formatPath', () => {
  it('names fields as conflicts do', () => {
    expect(formatPath(['f:spec', 'f:containers', keyElement({ name: 'web' }), 'f:ports', keyElement({ protocol: 'TCP', containerPort: 80 })])).toBe(
      '.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"]',
    );
    expect(formatPath(['f:metadata', 'f:finalizers', valueElement('x/y')])).toBe('.metadata.finalizers[="x/y"]');
  });
});
