import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { istioPresets } from '@meshfleet/istio';
import type { ProofSection } from './print-table.ts';

/** What was sent under a preset and what came of it; docs/generate reads them. */
export interface RecordedRow {
  readonly preset: string;
  readonly istiod: string;
  readonly sent: string;
  readonly expected: string;
  readonly seen: string;
}

const PRESETS: ReadonlySet<string> = new Set(istioPresets.map(({ name }) => name));

/** The rows of sections that are named after presets, sorted by their names: proofs side by side end in any order. */
export function recordedRows(istiod: string, sections: readonly ProofSection[]): RecordedRow[] {
  return sections.filter(({ title }) => PRESETS.has(title)).flatMap(({ title, rows }) => rows.map(({ sent, expected, seen }) => ({ preset: title, istiod, sent, expected, seen }))).sort((one, other) => (one.preset === other.preset ? 0 : one.preset < other.preset ? -1 : 1));
}

/** Keeps rows in a file, in place of those of the same istiod, and beside those of others. */
export function keepRows(file: string, rows: readonly RecordedRow[]): void {
  const versions = new Set(rows.map(({ istiod }) => istiod));
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RecordedRow[]) : []; // written here
  const kept = [...before.filter(({ istiod }) => !versions.has(istiod)), ...rows];
  writeFileSync(file, `[\n${kept.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`);
}
