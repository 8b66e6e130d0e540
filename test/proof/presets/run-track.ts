import { behave } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import type { ProofReport } from '../proof.ts';
import type { PresetProof, Stage } from './stage.ts';

/** What breaks off is a failure, and keeps no other proof from being made. So is a preset that was promised and not shown. */
export async function runProofs(proofs: readonly PresetProof[], stage: Stage): Promise<void> {
  for (const proof of proofs) {
    const { report, shown } = watched(stage.report.fork());
    try {
      await proof.prove({ ...stage, report });
    } catch (error) {
      const seen = error instanceof MeshfleetError ? `${error.summary}. ${error.why ?? ''}` : String(error);
      report.row({ sent: `the proof of ${proof.presets.join(', ')}`, expected: 'runs to its end', seen, passed: false });
      for (const pod of [stage.v1, stage.v2]) await behave(pod, {});
    }
    const missing = [...proof.presets.filter((preset) => !shown.has(preset)), ...[...shown].filter((title) => !proof.presets.includes(title))];
    if (missing.length > 0) report.row({ sent: `the proof of ${proof.presets.join(', ')}`, expected: 'shows these presets and no others', seen: `not so: ${missing.join(', ')}`, passed: false });
  }
}

/** A report that remembers under which titles it was given rows. */
function watched(report: ProofReport): { report: ProofReport; shown: ReadonlySet<string> } {
  const shown = new Set<string>();
  let title: string | undefined;
  return {
    shown,
    report: {
      ...report,
      section: (name) => {
        title = name;
        report.section(name);
      },
      row: (row) => {
        if (title !== undefined) shown.add(title);
        report.row(row);
      },
    },
  };
}
