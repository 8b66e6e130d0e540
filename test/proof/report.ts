import type { ProofSection } from './print-table.ts';
import type { ProofReport } from './proof.ts';

/** Tells at once what comes, and keeps it in sections; rows before the first one are under the title. */
export function createReport(title: string, sections: ProofSection[], print: (line: string) => void): ProofReport {
  let current: ProofSection | undefined;
  const begin = (name: string): ProofSection => {
    current = { title: name, rows: [] };
    sections.push(current);
    return current;
  };
  return {
    say: (line) => {
      print(`  ${line}`);
    },
    section: (name) => {
      begin(name);
    },
    row: (row) => {
      const section = current ?? begin(title);
      section.rows.push(row);
      print(`    ${row.passed ? '✓' : '✗'} ${section.title}: ${row.sent}: ${row.seen}`);
    },
    fork: () => createReport(title, sections, print),
  };
}
