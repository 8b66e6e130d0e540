import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, contentHash } from './canonical-json.ts';
import type { Json } from './kubernetes.ts';

function shuffled(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, one]) => [key, shuffled(one as Json)]));
}

describe('the content hash', () => {
  it('is the SHA-256 of the canonical JSON', () => {
    expect(canonicalJson({ b: [1, 'x', null], a: 1e21 })).toBe('{"a":1e+21,"b":[1,"x",null]}');
    expect(contentHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });

  it('is the same in whatever order keys stand, and differs where the value does', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (raw, extra) => {
        const object = JSON.parse(JSON.stringify(raw)) as { [key: string]: Json };
        expect(contentHash(shuffled(object))).toBe(contentHash(object));
        expect(contentHash({ ...object, [`${extra}-new`]: 'x' })).not.toBe(contentHash(object));
      }),
    );
  });

  it('refuses what has no canonical form', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '\uD800', circle]) {
      expect(() => canonicalJson({ value })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', summary: 'This value has no canonical JSON', why: expect.any(String) as string }));
    }
    expect(() => canonicalJson(undefined)).toThrow('This value has no canonical JSON');
  });
});
