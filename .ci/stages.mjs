// The stages of CI. Each prints what it does; the tests' own counts and the other stages add up to the closing line.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { watchMachine } from '../libs/cluster-real/src/bed/watch-machine.ts';
import { clusterLimit, meshLimit, whatWillNotRun } from '../libs/cluster-real/src/parts/mesh-limit.ts';

const scratch = mkdtempSync(join(tmpdir(), 'meshfleet-ci-'));
const report = join(scratch, 'tests.json');
const totals = { passed: 0, failed: 0, skipped: 0 };
const skips = [];
/** Said once more at the end, where a log that was cut off still shows it. */
const failures = [];
const machine = watchMachine();

const REAL = { MESHFLEET_TEST_CLUSTERS: 'real' };
const vitest = (name, ...args) => ['vitest', 'run', '--config', '.config/vitest.config.ts', '--reporter=default', '--reporter=json', `--outputFile.json=${join(scratch, name)}`, ...args];

/** Is about the hub alone, and run by npm test; the tour is a stage of its own on either kind of cluster. */
const ELSEWHERE = [
  'test/e2e/preview-equals.spec.ts',
  'test/e2e/preview-foretells.spec.ts',
  'test/e2e/without-parts.spec.ts',
  'test/e2e/many-policies-cost.spec.ts',
  'test/e2e/restored-database.spec.ts',
  'test/e2e/tour.spec.ts',
  'test/chaos/kill-postgres.spec.ts',
  'test/chaos/kill-redis.spec.ts',
  'test/chaos/rollout-seasons.spec.ts',
  'test/chaos/rollouts/**',
];

/** What looks at the sources alone, on one core each: two at a time, and each shows what it said when it is done. */
const checks = [
  { name: 'types', command: ['tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'lint and module boundaries', command: ['npm', 'run', '--silent', 'lint'] },
  { name: 'unused files, exports and dependencies', command: ['knip', '--config', '.config/knip.json', '--no-progress'] },
  { name: 'generated files current', command: ['node', '.config/generate.mjs', '--check'] },
  { name: 'bundles', command: ['node', '.config/build.mjs'] },
];
const stages = [
  { name: 'real parts', command: ['npm', 'run', '--silent', 'real:build'] },
  { name: 'npm test', command: ['npm', 'test', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], counts: report },
  { name: 'demo tour', command: ['npm', 'run', 'demo', '--', '--check'] },
  // The analysis beside istioctl touches no cluster: npm test has run it.
  { name: 'conformance on real clusters', command: vitest('conformance.json', '--exclude=test/conformance/analysis/**', 'test/conformance'), env: REAL, counts: join(scratch, 'conformance.json'), without: clusterLimit },
  { name: 'end to end on real clusters', command: vitest('real.json', '--maxWorkers=1', ...ELSEWHERE.map((path) => `--exclude=${path}`), 'test/e2e', 'test/chaos'), env: REAL, counts: join(scratch, 'real.json'), without: clusterLimit },
  { name: 'demo tour on real clusters', command: ['npm', 'run', 'demo', '--', '--check', '--real'], without: clusterLimit },
  { name: 'proof by traffic', command: ['npm', 'run', 'proof', '--', 'spine', 'federation-bed', 'public-manifests', 'policy', 'pushed-presets'], without: meshLimit },
];

const waiting = checks.values();
const lane = async () => {
  for (const check of waiting) await run(check, 'pipe');
};
await Promise.all([lane(), lane()]);
for (const stage of stages) {
  const reason = stage.without?.();
  if (reason === undefined) {
    console.log(`\n== ${stage.name}`);
    await run(stage, 'inherit');
  } else {
    totals.skipped += 1;
    skips.push(`${stage.name}: ${reason}`);
  }
}

const left = machine.leftovers();
totals[left.length === 0 ? 'passed' : 'failed'] += 1;
if (left.length > 0) failures.push(`nothing left behind: ${left.join('; ')}`);
console.log(`\n== nothing left behind\n${left.map((line) => `   ${line}\n`).join('')}-- nothing left behind: ${left.length === 0 ? 'ok' : 'FAILED'}`);

skips.push(...whatWillNotRun());
rmSync(scratch, { recursive: true, force: true });
for (const skip of skips) console.log(`skipped: ${skip}`);
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 ? 0 : 1);

/** Runs a stage and adds up what came of it. */
async function run(stage, output) {
  const from = Date.now();
  const [program, ...args] = stage.command;
  const child = spawn(program, args, { stdio: ['ignore', output, output], env: { ...process.env, ...machine.environment, ...stage.env } });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => said.push(chunk));
  const status = await new Promise((resolve) => {
    child.on('error', (error) => {
      said.push(Buffer.from(String(error)));
      resolve(1);
    });
    child.on('close', resolve);
  });
  if (output === 'pipe') console.log(`\n== ${stage.name}\n${Buffer.concat(said).toString().trimEnd()}`);
  const counted = stage.counts === undefined ? undefined : countTests(stage.counts);
  if (counted === undefined) totals[status === 0 ? 'passed' : 'failed'] += 1;
  else {
    totals.passed += counted.passed;
    totals.skipped += counted.skipped;
    // A run that fails outside of its tests (an unhandled error, a file that does not load) is a failure too.
    totals.failed += counted.failed === 0 && status !== 0 ? 1 : counted.failed;
  }
  if (status !== 0 || (counted?.failed ?? 0) > 0) failures.push(stage.name);
  console.log(`-- ${stage.name}: ${status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - from) / 1000).toFixed(0)} s`);
}

function countTests(file) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
    for (const suite of testResults) {
      for (const { status, fullName } of suite.assertionResults) {
        if (status === 'failed') failures.push(fullName);
        else if (status !== 'passed') skips.push(fullName);
      }
      // A file that does not load has no tests of its own to name.
      if (suite.status === 'failed' && !suite.assertionResults.some(({ status }) => status === 'failed')) failures.push(relative(process.cwd(), suite.name));
    }
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
