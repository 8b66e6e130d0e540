import { expect, it } from 'vitest';
import { presentFields } from './present-fields.ts';

it('leaves out what is absent, and keeps false, zero and empty text', () => {
  expect(presentFields({ a: undefined, b: 0, c: false, d: '' })).toEqual({ b: 0, c: false, d: '' });
});
