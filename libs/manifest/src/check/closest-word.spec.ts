import { describe, expect, it } from 'vitest';
import { closestWord, editDistance } from './closest-word.ts';

describe('did you mean', () => {
  it('finds typing errors, swapped letters and wrong cases', () => {
    const words = ['route', 'match', 'timeout', 'retries', 'VirtualService'];
    expect(closestWord('rout', words)).toBe('route');
    expect(closestWord('mathc', words)).toBe('match');
    expect(closestWord('timeOut', words)).toBe('timeout');
    expect(closestWord('virtualservice', words)).toBe('VirtualService');
  });

  it('is silent rather than far-fetched', () => {
    expect(closestWord('foo', ['bar', 'fault'])).toBeUndefined();
    expect(closestWord('x', [])).toBeUndefined();
  });

  it('counts a swap of neighbours as one step', () => {
    expect(editDistance('ab', 'ba')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('kitten', 'sitting')).toBe(3);
  });
});
