// `npm run proof -- NAME`: promises of the product, proved on real clusters by traffic. Ends in `N passed, N failed`.
// With `--record` what was seen is kept for the documentation, if nothing failed.
import { join } from 'node:path';
import { meshLimit } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import { besideArgoCd } from './beside/beside-argo-cd.ts';
import { besideFlux } from './beside/beside-flux.ts';
import { besideHelm } from './beside/beside-helm.ts';
import { failedRows, proofTable, proofTotals, type ProofSection } from './print-table.ts';
import { federationBed } from './federation-bed.ts';
import { policy } from './policy.ts';
import type { Proof } from './proof.ts';
import { publicManifests } from './public-manifests.ts';
import { pushedPresets } from './pushed-presets.ts';
import { keepRows, recordedRows } from './record-proof.ts';
import { createReport } from './report.ts';
import { spine } from './spine.ts';

const proofs: readonly Proof[] = [spine, federationBed, policy, pushedPresets, publicManifests, besideHelm, besideFlux, besideArgoCd];
/** What the pages of the presets show is kept here. */
const RECORDS = join(import.meta.dirname, '..', '..', 'docs', 'presets');
const record = process.argv.includes('--record');
const asked = process.argv.slice(2).filter((argument) => argument !== '--record');
const unknown = asked.filter((name) => !proofs.some((proof) => proof.name === name));
if (unknown.length > 0 || asked.length === 0) {
  console.error(`Usage: npm run proof -- NAME\n${proofs.map(({ name, title }) => `  ${name}: ${title}`).join('\n')}`);
  process.exit(2);
}
const chosen = proofs.filter(({ name }) => asked.includes(name)).map((proof) => ({ proof, limit: (proof.limit ?? meshLimit)() }));
const skips = chosen.flatMap(({ proof, limit }) => (limit === undefined ? [] : [`skipped: ${proof.name}: ${limit}`]));
if (skips.length === chosen.length) {
  console.error(`Nothing can be proved here.\n${skips.join('\n')}\n0 passed, 0 failed, ${skips.length} skipped`);
  process.exit(2);
}

const from = performance.now();
/** Each line with the second that it came in: where the time goes. */
const print = (line: string): void => {
  console.log(`${((performance.now() - from) / 1_000).toFixed(0).padStart(4)} s ${line}`);
};
const sections: ProofSection[] = [];
for (const { proof, limit } of chosen) {
  if (limit !== undefined) continue;
  print(`${proof.name}: ${proof.title}`);
  const first = sections.length;
  const report = createReport(proof.title, sections, print);
  try {
    await proof.run(report);
  } catch (error) {
    if (!(error instanceof MeshfleetError)) console.error(error);
    const seen = error instanceof MeshfleetError ? `${error.summary}. ${error.why ?? ''}` : String(error);
    report.row({ sent: proof.name, expected: 'runs to its end', seen, passed: false });
  }
  const own = sections.slice(first);
  if (record && proof.record?.whole === true && proofTotals(own).failed === 0) {
    const { file, istiod } = proof.record;
    keepRows(join(RECORDS, file), recordedRows(istiod, own));
    print(`  kept in ${file}`);
  }
}
const { passed, failed } = proofTotals(sections);
console.log(['', proofTable(sections), '', ...failedRows(sections), ...skips, `${passed} passed, ${failed} failed${skips.length === 0 ? '' : `, ${skips.length} skipped`}`].join('\n'));
process.exitCode = failed === 0 ? 0 : 1;
