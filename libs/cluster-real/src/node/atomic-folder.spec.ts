import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { swapFiles } from './atomic-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'meshfleet-atomic-'));
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const visible = (): string[] => readdirSync(folder).filter((name) => !name.startsWith('..'));

it('shows the files of the last swap and no other, by one link', () => {
  swapFiles(folder, { 'ca-cert.pem': 'A', 'root-cert.pem': 'A' });
  const first = readlinkSync(join(folder, '..data'));
  swapFiles(folder, { 'root-cert.pem': 'A+B', 'deep/file': 'x' });
  expect(visible().sort()).toEqual(['deep', 'root-cert.pem']);
  expect(readFileSync(join(folder, 'root-cert.pem'), 'utf8')).toBe('A+B');
  expect(readFileSync(join(folder, 'deep', 'file'), 'utf8')).toBe('x');
  expect(readlinkSync(join(folder, '..data'))).not.toBe(first);
  expect(readdirSync(folder)).not.toContain(first);
});

it('makes an empty folder of no files', () => {
  swapFiles(folder, {});
  expect(visible()).toEqual([]);
});
