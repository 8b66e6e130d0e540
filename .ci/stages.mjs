// The stages of CI. Each prints what it does; the tests' own counts and the other stages add up to the closing line.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const scratch = mkdtempSync(join(tmpdir(), 'meshfleet-ci-'));
const report = join(scratch, 'tests.json');
const totals = { passed: 0, failed: 0, skipped: 0 };
const skips = [];

const stages = [
  { name: 'types', command: ['tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'lint and module boundaries', command: ['npm', 'run', '--silent', 'lint'] },
  { name: 'unused files, exports and dependencies', command: ['knip', '--config', '.config/knip.json', '--no-progress'] },
  { name: 'generated files current', command: ['node', '.config/generate.mjs', '--check'] },
  { name: 'bundles', command: ['node', '.config/build.mjs'] },
  { name: 'npm test', command: ['npm', 'test', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], counts: report },
  { name: 'demo tour', command: ['npm', 'run', 'demo', '--', '--check'] },
];

for (const stage of stages) {
  console.log(`\n== ${stage.name}`);
  const from = Date.now();
  const [program, ...args] = stage.command;
  const { status } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const counted = stage.counts === undefined ? undefined : countTests(stage.counts);
  if (counted === undefined) totals[status === 0 ? 'passed' : 'failed'] += 1;
  else {
    totals.passed += counted.passed;
    totals.skipped += counted.skipped;
    // A run that fails outside of its tests (an unhandled error, a file that does not load) is a failure too.
    totals.failed += counted.failed === 0 && status !== 0 ? 1 : counted.failed;
  }
  console.log(`-- ${stage.name}: ${status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - from) / 1000).toFixed(0)} s`);
}

rmSync(scratch, { recursive: true, force: true });
for (const skip of skips) console.log(`skipped: ${skip}`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 ? 0 : 1);

function countTests(file) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
    for (const suite of testResults) {
      for (const test of suite.assertionResults) if (test.status !== 'passed' && test.status !== 'failed') skips.push(test.fullName);
    }
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
