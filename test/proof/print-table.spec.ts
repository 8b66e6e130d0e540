import { expect, it } from 'vitest';
import { failedRows, proofTable, proofTotals } from './print-table.ts';

const SECTIONS = [
  { title: 'By hand', rows: [{ sent: 'a | b', expected: 'all', seen: 'two\nlines', passed: true }] },
  { title: 'By product', rows: [{ sent: 'c', expected: 'all', seen: 'none', passed: false }] },
];

it('prints every row below the title of its section, and one line a row', () => {
  expect(proofTable(SECTIONS).split('\n')).toEqual([
    '| sent | expected | seen | |',
    '|---|---|---|---|',
    '| **By hand** | | | |',
    '| a \\| b | all | two lines | ✓ |',
    '| **By product** | | | |',
    '| c | all | none | ✗ |',
  ]);
});

it('counts over all sections', () => {
  expect(proofTotals(SECTIONS)).toEqual({ passed: 1, failed: 1 });
});

it('names each row that failed, on a line of its own', () => {
  expect(failedRows(SECTIONS)).toEqual(['failed: By product / c: expected all, seen none']);
  expect(failedRows([{ title: 'By hand', rows: [{ sent: 'a | b', expected: 'all', seen: 'two\nlines', passed: false }] }])).toEqual(['failed: By hand / a | b: expected all, seen two lines']);
});
