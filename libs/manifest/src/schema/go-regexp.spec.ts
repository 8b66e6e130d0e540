import { describe, expect, it } from 'vitest';
import { goRegExp } from './go-regexp.ts';

describe('patterns of Go', () => {
  const cases: [pattern: string, matching: string[], other: string[]][] = [
    ['^(?i)abc$', ['ABC', 'abc'], ['ab']],
    ['a(b(?i)c)d', ['abcd', 'abCd'], ['aBcd', 'abcD']],
    ['(?i:x)y', ['Xy'], ['xY']],
    ['^[[:alpha:]_]+\\z', ['aZ_'], ['a1', 'a\n']],
    ['\\A\\d+$', ['12'], ['a12']],
    ['^\\Qa.b\\E$', ['a.b'], ['axb']],
    ['^(?P<first>a)b$', ['ab'], ['b']],
    ['^[^]a]$', ['b'], [']', 'a']],
    ['^[a\\-z]$', ['-', 'a'], ['b']],
    ['^\\p{L}+$', ['äβ'], ['1']],
    ['^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$', ['*.a-b.c'], ['A', '-a', 'a..b']],
  ];
  it.each(cases)('%s', (pattern, matching, other) => {
    const compiled = goRegExp(pattern);
    for (const text of matching) expect(compiled?.test(text), text).toBe(true);
    for (const text of other) expect(compiled?.test(text), text).toBe(false);
  });

  it('that are none are told', () => {
    expect(goRegExp('(')).toBeUndefined();
  });
});
