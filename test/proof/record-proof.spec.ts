import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keepRows, recordedRows } from './record-proof.ts';

it('keeps what was seen under each preset and of nothing else, anew for one istiod and beside the others', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshfleet-record-'));
  const file = join(folder, 'proof.json');
  const seenUnder = (istiod: string, seen: string): void => {
    keepRows(file, recordedRows(istiod, [{ title: 'ab-test', rows: [{ sent: '10 calls', expected: 'all 200', seen, passed: true }] }]));
  };
  seenUnder('1.28.2', 'old');
  seenUnder('1.29.1', 'first');
  seenUnder('1.29.1', 'second');
  const row = { preset: 'ab-test', sent: '10 calls', expected: 'all 200' };
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([{ ...row, istiod: '1.28.2', seen: 'old' }, { ...row, istiod: '1.29.1', seen: 'second' }]);
  expect(recordedRows('1.29.1', ['retries', 'ab-test', 'retries', 'of no preset'].map((title, index) => ({ title, rows: [{ sent: String(index), expected: '', seen: '', passed: true }] }))).map(({ preset: name, sent }) => `${name} ${sent}`)).toEqual(['ab-test 1', 'retries 0', 'retries 2']);
  rmSync(folder, { recursive: true });
});
