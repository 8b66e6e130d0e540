import { expect, it } from 'vitest';
import { binomialBounds, within } from './binomial.ts';

it('lies around the expected count, wider for fewer trials in proportion', () => {
  expect(binomialBounds(600, 0.5)).toEqual({ low: 245, high: 355 });
  expect(binomialBounds(600, 0.8)).toEqual({ low: 436, high: 524 });
  expect(binomialBounds(10_000, 0.5)).toEqual({ low: 4775, high: 5225 });
});

it('tells a share of 80 % from one of 50 % at 600 calls', () => {
  expect(within(binomialBounds(600, 0.8), 300)).toBe(false);
  expect(within(binomialBounds(600, 0.5), 480)).toBe(false);
});

it('leaves no room where nothing is left to chance', () => {
  expect(binomialBounds(600, 0)).toEqual({ low: 0, high: 0 });
  expect(binomialBounds(600, 1)).toEqual({ low: 600, high: 600 });
});
