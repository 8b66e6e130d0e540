import fc from 'fast-check';
import type { Json } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { compileSchema } from './compile-schema.ts';
import type { SchemaNode } from './schema-node.ts';

/** A schema with something of everything, in which any JSON over these few names is likely to hit something. */
const everything: SchemaNode = {
  type: 'object',
  properties: {
    a: { type: 'string', default: 'x', maxLength: 3 },
    b: { type: 'array', items: { type: 'object', required: ['a'], properties: { a: { type: 'integer' }, b: { type: 'boolean', default: true } } }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] },
    c: { type: 'object', additionalProperties: { type: 'object', nullable: true, properties: { a: { 'x-kubernetes-int-or-string': true } } } },
    d: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { a: { type: 'object', properties: {} } } },
    e: { type: 'object', default: {}, properties: { a: { type: 'number', default: 1 } } },
  },
  'x-kubernetes-validations': [{ rule: 'has(self.a) && self.a.size() > 0' }],
};
const schema = compileSchema(everything);

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(null, true, 1, 1.5, '', 'xyz1'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), tie('value'), { maxKeys: 4 }),
  ),
})).value;
const objects = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'metadata'), json, { maxKeys: 6 }) as fc.Arbitrary<Json>;

function frozen(value: Json): Json {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach((one) => frozen(one as Json));
  return Object.freeze(value);
}

describe('for any value at all', () => {
  it('nothing changes the value that it is given, and nothing throws', () => {
    fc.assert(
      fc.property(objects, objects, (value, old) => {
        frozen(value);
        schema.prune(value);
        schema.applyDefaults(value);
        schema.validate(value, { old: frozen(old) });
      }),
    );
  });

  it('defaulting twice is defaulting once', () => {
    fc.assert(fc.property(objects, (value) => void expect(schema.applyDefaults(schema.applyDefaults(value))).toEqual(schema.applyDefaults(value))));
  });

  it('pruning leaves nothing to prune', () => {
    fc.assert(
      fc.property(objects, (value) => {
        const { value: pruned, pruned: paths } = schema.prune(value);
        expect(schema.prune(pruned)).toEqual({ value: pruned, pruned: [] });
        if (paths.length === 0) expect(pruned).toBe(value);
      }),
    );
  });

  it('an update that changes nothing is forgiven everything that its values had wrong', () => {
    fc.assert(
      fc.property(objects, (value) => {
        // The API server forgives no rule that cannot be evaluated at all.
        expect(schema.validate(value, { old: value }).filter(({ message }) => !message.includes('call arguments did not match'))).toEqual([]);
      }),
    );
  });

  it('an update is never judged harder than a creation by rules that look at one object', () => {
    fc.assert(
      fc.property(objects, objects, (value, old) => {
        const creation = schema.validate(value).length;
        const update = schema.validate(value, { old }).filter((violation) => !/failed rule|call arguments did not match/.test(violation.message));
        expect(update.length).toBeLessThanOrEqual(Math.max(creation, 0));
      }),
    );
  });
});
