import type { Json, JsonObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { schemaProblem } from './schema-shape.ts';
import { servedKindOf, servedKindSchema } from './served-kind.ts';

const nested = (depth: number, inner: Json = { type: 'string' }): JsonObject => (depth === 0 ? (inner as JsonObject) : { type: 'object', properties: { a: nested(depth - 1, inner) } });

describe('the schema of a kind that somebody sent', () => {
  it.each<[string, JsonObject]>([
    ['of every word that is read', { type: 'object', required: ['a'], properties: { a: { type: 'string', pattern: '^a', enum: ['a', null], default: { b: [1] } }, n: { type: 'integer', minimum: 1, format: 'int32' }, l: { type: 'array', items: { type: 'string' }, maxItems: 3, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] } }, additionalProperties: false, 'x-kubernetes-validations': [{ rule: 'has(self.a)', message: 'a', optionalOldSelf: true }], oneOf: [{ not: { required: ['a'] } }] }],
    ['with words that nobody reads', { type: 'object', externalDocs: { url: 3 }, 'x-something': [[[]]] }],
    ['of nothing', {}],
    ['as deep as is taken', nested(64)],
  ])('is taken %s', (_how, schema) => {
    expect(schemaProblem(schema)).toBeUndefined();
  });

  it.each<[string, JsonObject]>([
    ['a property that is no schema', { properties: { a: 'string' } }],
    ['a property that is a list of schemas', { properties: { a: [{ type: 'string' }] } }],
    ['a type that is a list', { properties: { a: { type: ['string', 'null'] } } }],
    ['items that are a list of schemas', { items: [{ type: 'string' }] }],
    ['a rule that is no text', { 'x-kubernetes-validations': [{ rule: 1 }] }],
    ['rules that are none', { 'x-kubernetes-validations': { rule: 'true' } }],
    ['required that is a text', { required: 'a' }],
    ['a flag that is a text', { nullable: 'true' }],
    ['a bound that is a text', { maxLength: '3' }],
    ['a pattern beyond what is meant well', { pattern: 'a'.repeat(10_001) }],
    ['a default that is nested without end', { default: Array.from({ length: 100 }).reduce<Json>((inner) => [inner], 1) }],
    ['schemas nested without end', nested(65)],
    ['more schemas than anybody means well', { properties: Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`p${index}`, {}])) }],
  ])('is refused for %s, by the gateway and as a report of an agent alike', (_what, schema) => {
    expect(schemaProblem(schema)).toMatch(/\w/);
    const kind = { group: 'example.com', kind: 'Thing', plural: 'things', scope: 'Namespaced', versions: [{ name: 'v1', served: true, storage: true, deprecated: false, schema }] };
    expect(servedKindSchema.safeParse(kind)).toMatchObject({ success: false, error: { issues: [{ path: ['versions', 0, 'schema'] }] } });
    expect(servedKindOf({ spec: { group: 'example.com', names: { kind: 'Thing', plural: 'things' }, scope: 'Namespaced', versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }] } })).toBeUndefined();
  });
});
