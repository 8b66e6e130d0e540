import type { ProofRow } from './proof.ts';

export interface ProofSection {
  readonly title: string;
  readonly rows: ProofRow[];
}

/** The rows of all sections as one Markdown table. */
export function proofTable(sections: readonly ProofSection[]): string {
  const lines = sections.flatMap(({ title, rows }) => [
    `| **${cell(title)}** | | | |`,
    ...rows.map(({ sent, expected, seen, passed }) => `| ${cell(sent)} | ${cell(expected)} | ${cell(seen)} | ${passed ? '✓' : '✗'} |`),
  ]);
  return ['| sent | expected | seen | |', '|---|---|---|---|', ...lines].join('\n');
}

export function proofTotals(sections: readonly ProofSection[]): { passed: number; failed: number } {
  const rows = sections.flatMap((section) => section.rows);
  const passed = rows.filter((row) => row.passed).length;
  return { passed, failed: rows.length - passed };
}

/** A line for each row that failed, for the end of a log whose beginning may be cut off. */
export function failedRows(sections: readonly ProofSection[]): string[] {
  return sections.flatMap(({ title, rows }) => rows.filter(({ passed }) => !passed).map(({ sent, expected, seen }) => `failed: ${line(title)} / ${line(sent)}: expected ${line(expected)}, seen ${line(seen)}`));
}

function line(text: string): string {
  return text.replaceAll('\n', ' ');
}

function cell(text: string): string {
  return line(text).replaceAll('|', '\\|');
}
