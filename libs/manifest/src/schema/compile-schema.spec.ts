import type { Json } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { compileSchema } from './compile-schema.ts';
import type { SchemaNode } from './schema-node.ts';
import { formatViolation } from './violation.ts';

/** What the API server answers for one field `spec.x` under a schema. */
function answers(x: SchemaNode, value: Json, old?: Json): string[] {
  const schema = compileSchema({ type: 'object', properties: { spec: { type: 'object', properties: { x } } } });
  const options = old === undefined ? {} : { old: { spec: { x: old } } };
  return schema.validate({ spec: { x: value } }, options).map(formatViolation);
}

describe('values are refused in the words of kube-apiserver', () => {
  const cases: [what: string, schema: SchemaNode, value: Json, answer: string[]][] = [
    ['a string for an integer', { type: 'integer' }, 'a', ['spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"']],
    ['a fraction for an integer', { type: 'integer' }, 1.5, ['spec.x: Invalid value: "number": spec.x in body must be of type integer: "number"']],
    ['a number for a string', { type: 'string' }, 1, ['spec.x: Invalid value: "integer": spec.x in body must be of type string: "integer"']],
    ['an object for a list', { type: 'array' }, {}, ['spec.x: Invalid value: "object": spec.x in body must be of type array: "object"']],
    ['a null', { type: 'string' }, null, ['spec.x: Invalid value: "null": spec.x in body must be of type string: "null"']],
    ['a null where one may stand', { type: 'string', nullable: true }, null, []],
    ['a whole number for a number', { type: 'number' }, 3, []],
    ['a bool for int-or-string', { 'x-kubernetes-int-or-string': true }, true, ['spec.x: Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"']],
    ['either of int-or-string', { 'x-kubernetes-int-or-string': true }, '50%', []],
    ['a word outside an enum', { type: 'string', enum: ['A', 'B'] }, 'X', ['spec.x: Unsupported value: "X": supported values: "A", "B"']],
    ['a number outside an enum', { type: 'integer', enum: [1, 2] }, 3, ['spec.x: Unsupported value: 3: supported values: "1", "2"']],
    ['too small a number', { type: 'integer', minimum: 1 }, 0, ['spec.x: Invalid value: 0: spec.x in body should be greater than or equal to 1']],
    ['the bound itself, when exclusive', { type: 'integer', minimum: 1, exclusiveMinimum: true }, 1, ['spec.x: Invalid value: 1: spec.x in body should be greater than 1']],
    ['too large a number', { type: 'integer', maximum: 10 }, 11, ['spec.x: Invalid value: 11: spec.x in body should be less than or equal to 10']],
    ['no multiple', { type: 'integer', multipleOf: 5 }, 7, ['spec.x: Invalid value: 7: spec.x in body should be a multiple of 5']],
    ['too short a text', { type: 'string', minLength: 2 }, 'a', ['spec.x: Invalid value: "a": spec.x in body should be at least 2 chars long']],
    ['too long a text', { type: 'string', maxLength: 1 }, 'ab', ['spec.x: Too long: may not be more than 1 byte']],
    ['a text against the pattern', { type: 'string', pattern: '^a+$' }, 'b', ["spec.x: Invalid value: \"b\": spec.x in body should match '^a+$'"]],
    ['a text against a pattern of Go', { type: 'string', pattern: '^(?i)a[[:digit:]]\\z' }, 'A1', []],
    ['no time', { type: 'string', format: 'date-time' }, 'soon', ['spec.x: Invalid value: "soon": spec.x in body must be of type date-time: "soon"']],
    ['a time', { type: 'string', format: 'date-time' }, '2026-02-28T10:00:00Z', []],
    ['no base64', { type: 'string', format: 'byte' }, '%%', ['spec.x: Invalid value: "%%": spec.x in body must be of type byte: "%%"']],
    ['more than int32 holds, as the API server strips that format', { type: 'integer', format: 'int32' }, 3_000_000_000, []],
    ['too few items', { type: 'array', items: { type: 'string' }, minItems: 1 }, [], ['spec.x: Invalid value: 0: spec.x in body should have at least 1 items']],
    ['too many items', { type: 'array', items: { type: 'string' }, maxItems: 1 }, ['a', 'b'], ['spec.x: Too many: 2: must have at most 1 item']],
    ['too few properties', { type: 'object', minProperties: 1 }, {}, ['spec.x: Invalid value: 0: spec.x in body should have at least 1 properties']],
    ['too many properties', { type: 'object', maxProperties: 0 }, { a: 1 }, ['spec.x: Too many: 1: must have at most 0 items']],
    ['a missing field', { type: 'object', required: ['host'] }, {}, ['spec.x.host: Required value']],
    ['a bad value of a map', { type: 'object', additionalProperties: { type: 'string' } }, { a: 1 }, ['spec.x.a: Invalid value: "integer": spec.x.a in body must be of type string: "integer"']],
    ['a second item of a set', { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' }, ['a', 'b', 'a', 'a'], ['spec.x[2]: Duplicate value: "a"']],
    [
      'a second key of a map list',
      { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name', 'port'] },
      [{ name: 'a', port: 1 }, { name: 'a', port: 1, more: true }],
      ['spec.x[1]: Duplicate value: {"name":"a","port":1}'],
    ],
    [
      'two of a oneOf',
      { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      { a: 1, b: 1 },
      ['<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ],
    [
      'none of an anyOf',
      { anyOf: [{ type: 'integer' }, { type: 'string' }] },
      true,
      ['<nil>: Invalid value: "": "spec.x" must validate at least one schema (anyOf)', 'spec.x: Invalid value: "boolean": spec.x in body must be of type integer: "boolean"'],
    ],
    ['what a not excludes', { not: { required: ['a'] } }, { a: 1 }, ['<nil>: Invalid value: "": "spec.x" must not validate the schema (not)']],
    [
      'one of an allOf',
      { allOf: [{ required: ['a'] }, { required: ['b'] }] },
      { a: 1 },
      ['spec.x.b: Required value', '<nil>: Invalid value: "": "spec.x" must validate all the schemas (allOf)'],
    ],
  ];
  it.each(cases)('%s', (_what, schema, value, expected) => {
    expect(answers(schema, value)).toEqual(expected);
  });
});

describe('rules in CEL', () => {
  const positive: SchemaNode = { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 0', message: 'must be positive' }] };

  it('show the value of a scalar, and none of an object', () => {
    expect(answers(positive, -1)).toEqual(['spec.x: Invalid value: -1: must be positive']);
    const object: SchemaNode = { type: 'object', 'x-kubernetes-validations': [{ rule: 'has(self.a)' }] };
    expect(answers(object, {})).toEqual(['spec.x: Invalid value: failed rule: has(self.a)']);
  });

  it('carry reason, path and computed message', () => {
    const schema: SchemaNode = {
      type: 'object',
      properties: { a: { type: 'integer' } },
      'x-kubernetes-validations': [{ rule: 'self.a < 5', messageExpression: '"a is " + string(self.a)', reason: 'FieldValueForbidden', fieldPath: '.a' }],
    };
    expect(answers(schema, { a: 7 })).toEqual(['spec.x.a: Forbidden: a is 7']);
  });

  it('say what went wrong inside a rule', () => {
    const schema: SchemaNode = { type: 'object', 'x-kubernetes-validations': [{ rule: 'self.a == 1', message: 'a is one' }] };
    expect(answers(schema, {})).toEqual(['spec.x: Invalid value: "object": no such key: a evaluating rule: a is one']);
  });

  it('wait until values have the right types, and say so', () => {
    expect(answers(positive, 'a').at(-1)).toBe(
      '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    );
  });

  it('compare with the object before an update, and only then', () => {
    const fixed: SchemaNode = { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'is immutable' }] };
    expect(answers(fixed, 'b')).toEqual([]);
    expect(answers(fixed, 'b', 'a')).toEqual(['spec.x: Invalid value: "b": is immutable']);
    expect(answers(fixed, 'a', 'a')).toEqual([]);
  });

  it('reach properties whose names CEL reserves', () => {
    const schema: SchemaNode = {
      type: 'object',
      properties: { namespace: { type: 'string' }, 'a-b.c/d__e': { type: 'integer' } },
      'x-kubernetes-validations': [{ rule: "self.__namespace__ == 'shop' && self.a__dash__b__dot__c__slash__d__underscores__e == 1" }],
    };
    expect(answers(schema, { namespace: 'shop', 'a-b.c/d__e': 1 })).toEqual([]);
  });

  it('are not misled by keys that name JavaScript’s own properties', () => {
    const labels: SchemaNode = { type: 'object', additionalProperties: { type: 'string' }, 'x-kubernetes-validations': [{ rule: "self.all(k, k != 'bad')", message: 'no' }] };
    expect(answers(labels, JSON.parse('{"constructor":"a","__proto__":"b","toString":"c"}') as Json)).toEqual([]);
    expect(answers(labels, { constructor: 'a', bad: 'b' })).toEqual(['spec.x: Invalid value: no']);
  });
});

describe('updates', () => {
  it('forgive what was wrong before and did not change', () => {
    const schema: SchemaNode = { type: 'object', properties: { a: { type: 'string', maxLength: 1 }, b: { type: 'string' } } };
    expect(answers(schema, { a: 'long', b: 'new' }, { a: 'long', b: 'old' })).toEqual([]);
    expect(answers(schema, { a: 'longer', b: 'old' }, { a: 'long', b: 'old' })).toEqual(['spec.x.a: Too long: may not be more than 1 byte']);
  });
});

describe('defaults', () => {
  const schema = compileSchema({
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          mode: { type: 'string', default: 'A' },
          list: { type: 'array', items: { type: 'object', properties: { weight: { type: 'integer', default: 1 } } } },
          deep: { type: 'object', default: {}, properties: { on: { type: 'boolean', default: true } } },
          none: { type: 'string' },
        },
      },
    },
  });

  it('fill gaps, also below defaults and in lists, and drop nulls that may not stand', () => {
    expect(schema.applyDefaults({ spec: { mode: null, none: null, list: [{}, { weight: 2 }] } })).toEqual({
      spec: { mode: 'A', list: [{ weight: 1 }, { weight: 2 }], deep: { on: true } },
    });
  });

  it('leave a complete object as it is, not a copy of it', () => {
    const value = { spec: { mode: 'B', list: [], deep: { on: false } } };
    expect(schema.applyDefaults(value)).toBe(value);
  });
});

describe('pruning', () => {
  const schema = compileSchema({
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          hosts: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
          free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { known: { type: 'object', properties: {} } } },
        },
      },
    },
  });

  it('takes out unknown fields with their paths, and never touches metadata', () => {
    const value = { apiVersion: 'v1', kind: 'A', metadata: { name: 'a' }, extra: 1, spec: { hosts: [{ name: 'a', nane: 'b' }], hots: [] } };
    expect(schema.prune(value)).toEqual({
      value: { apiVersion: 'v1', kind: 'A', metadata: { name: 'a' }, spec: { hosts: [{ name: 'a' }] } },
      pruned: ['extra', 'spec.hosts[0].nane', 'spec.hots'],
    });
    expect(value.spec.hots).toEqual([]);
  });

  it('keeps what the schema lets stand, yet prunes the known parts within', () => {
    expect(schema.prune({ spec: { free: { any: { thing: 1 }, known: { no: 1 } } } })).toEqual({ value: { spec: { free: { any: { thing: 1 }, known: {} } } }, pruned: ['spec.free.known.no'] });
  });
});
