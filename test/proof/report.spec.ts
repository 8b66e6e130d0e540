import { expect, it } from 'vitest';
import type { ProofSection } from './print-table.ts';
import { createReport } from './report.ts';

const row = (sent: string) => ({ sent, expected: 'all 200', seen: 'all 200', passed: true });

it('keeps the rows of what is proved side by side under their own sections', () => {
  const sections: ProofSection[] = [];
  const lines: string[] = [];
  const report = createReport('policy', sections, (line) => void lines.push(line));
  report.row(row('before any section'));
  const [one, other] = [report.fork(), report.fork()];
  one.section('canary');
  other.section('retries');
  one.row(row('a'));
  other.row(row('b'));
  one.row(row('c'));
  expect(sections.map(({ title, rows }) => [title, rows.map(({ sent }) => sent)])).toEqual([['policy', ['before any section']], ['canary', ['a', 'c']], ['retries', ['b']]]);
  expect(lines.at(-1)).toBe('    ✓ canary: c: all 200');
});
