import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalQuantity, quantityValue } from './quantity.ts';

describe('quantities', () => {
  it.each([
    ['0.5', '500m'], ['1000m', '1'], ['1500m', '1500m'], ['1024Mi', '1Gi'], ['1536Mi', '1536Mi'], ['100000', '100k'], ['1e3', '1e3'],
    ['128974848', '128974848'], ['129e6', '129e6'], ['0', '0'], ['0Mi', '0'], ['512', '512'], ['0.1Gi', '107374182400m'], ['2Ki', '2Ki'], ['0.5Ki', '512'],
    ['-1.5', '-1500m'], ['1n', '1n'], ['0.1n', '1n'], ['5G', '5G'], ['5000M', '5G'], ['.5', '500m'], ['1.', '1'],
  ])('stores %s as %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
  });

  it.each(['', 'x', '1x', '1 Gi', 'Gi', '1..5', '--1', '1gi', '1KI'])('refuses %j', (text) => {
    expect(canonicalQuantity(text)).toBeUndefined();
  });

  it('keeps the value and is its own canonical form', () => {
    const suffix = fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi');
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), suffix, (number, unit) => {
        const canonical = canonicalQuantity(`${number}${unit}`) ?? '';
        expect(quantityValue(canonical)).toBe(quantityValue(`${number}${unit}`));
        expect(canonicalQuantity(canonical)).toBe(canonical);
      }),
    );
  });
});
