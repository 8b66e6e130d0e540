import { expect, it } from 'vitest';
import { shortened } from './shorten-text.ts';

it('leaves what people read as it is', () => {
  const text = `Unsupported value: "NEVER": ${'supported '.repeat(100)}`;
  expect(shortened(text)).toBe(text);
  expect(shortened('')).toBe('');
});

it('cuts a value out of the middle of a sentence, and the sentence where it has no end', () => {
  expect(shortened(`The value "${'x'.repeat(1_000_000)}" is none: give another`)).toBe(`The value "${'x'.repeat(99)}… is none: give another`);
  const long = shortened(`It is ${'a b '.repeat(1_000_000)}, and should be c.`);
  expect(long.length).toBeLessThan(2_000);
  expect(long).toMatch(/^It is a b .* … .* and should be c\.$/s);
});
