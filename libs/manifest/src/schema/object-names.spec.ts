import { describe, expect, it } from 'vitest';
import { dns1035Label, dns1123Label, dns1123Subdomain, labelValue, pathSegmentName, qualifiedName } from './object-names.ts';

describe('names', () => {
  const cases: [rule: (text: string) => string[], good: string[], bad: string[]][] = [
    [dns1123Label, ['a', '1-a', 'a'.repeat(63)], ['', 'A', 'a.b', '-a', 'a'.repeat(64)]],
    [dns1123Subdomain, ['a.b-c', 'a'.repeat(253)], ['a..b', 'a_b', 'a'.repeat(254)]],
    [dns1035Label, ['a1'], ['1a', 'A']],
    [labelValue, ['', 'V1.2_x', 'a'.repeat(63)], ['-a', 'a b', 'a'.repeat(64)]],
    [qualifiedName, ['app', 'example.com/My_Name.1'], ['', '/a', 'a/', 'a/b/c', 'Example.com/a', 'a b']],
    [pathSegmentName, ['a:b', 'A'], ['.', '..', 'a/b', 'a%b']],
  ];
  it.each(cases)('%o', (rule, good, bad) => {
    for (const text of good) expect(rule(text), text).toEqual([]);
    for (const text of bad) expect(rule(text), text).not.toEqual([]);
  });

  it('are refused in the API server’s words', () => {
    expect(dns1123Label('A')).toEqual([
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]);
    expect(qualifiedName('/a')).toEqual(['prefix part must be non-empty']);
  });
});
