import { describe, expect, it } from 'vitest';
import { withoutRules } from './without-rules.ts';

describe('a schema without rules', () => {
  it('has no regular expression and no CEL anywhere, and all else', () => {
    const rules = [{ rule: 'self.matches("^(a+)+$")' }];
    const text = { type: 'string', pattern: '^(a+)+$', maxLength: 9 };
    expect(
      withoutRules({
        type: 'object',
        'x-kubernetes-validations': rules,
        required: ['pattern'],
        properties: { pattern: text, list: { type: 'array', items: text }, map: { type: 'object', additionalProperties: { ...text, enum: ['a'] } } },
        anyOf: [text],
        allOf: [{ 'x-kubernetes-validations': rules }],
      }),
    ).toEqual({
      type: 'object',
      required: ['pattern'],
      properties: {
        pattern: { type: 'string', maxLength: 9 },
        list: { type: 'array', items: { type: 'string', maxLength: 9 } },
        map: { type: 'object', additionalProperties: { type: 'string', maxLength: 9, enum: ['a'] } },
      },
      anyOf: [{ type: 'string', maxLength: 9 }],
      allOf: [{}],
    });
  });

  it('refuses nothing that the whole one takes', () => {
    expect(withoutRules({ type: 'string', not: { pattern: '^a' }, oneOf: [{ pattern: '^b' }, { pattern: '^c' }] })).toEqual({ type: 'string' });
    const oneOf = { type: 'object', not: { required: ['x'] }, oneOf: [{ required: ['a'] }, { required: ['b'] }] };
    expect(withoutRules(oneOf)).toBe(oneOf);
  });
});
