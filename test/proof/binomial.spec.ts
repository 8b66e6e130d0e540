import { expect, it } from 'vitest';
import { binomialBounds, within } from './binomial.ts';

/** Probability of exactly `count` of `trials`, counted up in logarithms. */
function chance(trials: number, share: number, count: number): number {
  let logarithm = count * Math.log(share) + (trials - count) * Math.log(1 - share);
  for (let factor = 1; factor <= count; factor += 1) logarithm += Math.log((trials - count + factor) / factor);
  return Math.exp(logarithm);
}

it.each([[600, 0.5], [600, 0.8], [400, 0.1], [400, 0.6], [400, 0.25]])('of %i trials at %d leaves less than one chance in a million outside, and not a count more', (trials, share) => {
  const { low, high } = binomialBounds(trials, share);
  const sum = (from: number, to: number): number => Array.from({ length: to - from + 1 }, (_, index) => chance(trials, share, from + index)).reduce((one, other) => one + other, 0);
  expect(sum(0, low - 1)).toBeLessThan(5e-7);
  expect(sum(0, low)).toBeGreaterThan(5e-7);
  expect(sum(high + 1, trials)).toBeLessThan(5e-7);
  expect(sum(high, trials)).toBeGreaterThan(5e-7);
});

it('tells a share of 80 % from one of 50 % at 600 calls', () => {
  expect(within(binomialBounds(600, 0.8), 300)).toBe(false);
  expect(within(binomialBounds(600, 0.5), 480)).toBe(false);
});

it('leaves no room where nothing is left to chance', () => {
  expect(binomialBounds(600, 0)).toEqual({ low: 0, high: 0 });
  expect(binomialBounds(600, 1)).toEqual({ low: 600, high: 600 });
});
