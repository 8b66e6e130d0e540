import { expect, it } from 'vitest';
import { overlaps } from './address-range.ts';

it('finds networks that share an address', () => {
  expect(overlaps('10.222.7.0/24', '10.222.0.0/16')).toBe(true);
  expect(overlaps('10.0.0.0/8', '10.222.7.0/24')).toBe(true);
  expect(overlaps('10.222.7.1', '10.222.7.0/24')).toBe(true);
  expect(overlaps('0.0.0.0/0', '10.222.7.0/24')).toBe(true);
});

it('keeps neighbours apart', () => {
  expect(overlaps('10.222.6.0/24', '10.222.7.0/24')).toBe(false);
  expect(overlaps('10.222.8.0', '10.222.7.0/24')).toBe(false);
  expect(overlaps('192.168.0.0/16', '10.222.7.0/24')).toBe(false);
});
