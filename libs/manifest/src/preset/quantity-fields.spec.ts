import { expect, it } from 'vitest';
import { cores, cpuField, memoryBytes, memoryField } from './quantity-fields.ts';

it.each([['250m', 0.25], ['2', 2], ['0.5', 0.5]])('%s of CPU is %d cores', (text, amount) => {
  expect(cpuField.safeParse(text).success).toBe(true);
  expect(cores(text)).toBe(amount);
});

it.each([['1Gi', 1_073_741_824], ['2G', 2_000_000_000], ['512', 512]])('%s of memory is %d bytes', (text, amount) => {
  expect(memoryField.safeParse(text).success).toBe(true);
  expect(memoryBytes(text)).toBe(amount);
});

it.each(['0', '0m', '1.0001', '-1', 'm', '1 core'])('"%s" is no amount of CPU', (text) => expect(cpuField.safeParse(text).success).toBe(false));
it.each(['0', '1.5Gi', '1Ti', 'Gi', '-1'])('"%s" is no amount of memory', (text) => expect(memoryField.safeParse(text).success).toBe(false));
