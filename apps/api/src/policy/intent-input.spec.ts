import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { intentInput } from './intent-input.ts';

const problemsOf = (input: object) => (z.object(intentInput).safeParse(input).error?.issues ?? []).map(({ path, message }) => ({ path, message }));

describe('what makes a policy differ', () => {
  it('has values of up to 64 KiB', () => {
    const message = 'A value of a variable has at most 64 KiB';
    const fits = 'x'.repeat(64 * 1024 - 2);
    expect(problemsOf({ variables: [{ name: 'a', default: fits, values: [{ clusterSelector: '', value: fits }] }] })).toEqual([]);
    expect(problemsOf({ variables: [{ name: 'a', default: `${fits}x` }] })).toEqual([{ path: ['variables', 0, 'default'], message }]);
    expect(problemsOf({ variables: [{ name: 'a', values: [{ clusterSelector: '', value: [fits] }] }] })).toEqual([{ path: ['variables', 0, 'values', 0, 'value'], message }]);
  });

  it('has patches of up to 100 operations', () => {
    const removals = (count: number): string => JSON.stringify(Array.from({ length: count }, () => ({ op: 'remove', path: '/spec/a' })));
    expect(problemsOf({ patches: [{ type: 'JSON', patch: removals(100) }] })).toEqual([]);
    expect(problemsOf({ patches: [{ type: 'JSON', patch: removals(101) }] })).toEqual([{ path: ['patches', 0, 'patch'], message: 'The JSON patch: has more than 100 operations' }]);
  });
});
