// The stages of CI. Each prints what it does; the tests' own counts and the other stages add up to the closing line.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchMachine } from '../libs/cluster-real/src/bed/watch-machine.ts';
import { clusterLimit, meshLimit, whatWillNotRun } from '../libs/cluster-real/src/parts/mesh-limit.ts';

const scratch = mkdtempSync(join(tmpdir(), 'meshfleet-ci-'));
const report = join(scratch, 'tests.json');
const totals = { passed: 0, failed: 0, skipped: 0 };
const skips = [];
/** Said once more at the end, where a log that was cut off still shows it. */
const failures = [];
/** Tests that passed, though not at their first try. */
const secondTries = [];
const machine = watchMachine();
const begun = Date.now();

const REAL = { MESHFLEET_TEST_CLUSTERS: 'real' };
const vitest = (name, ...args) => ['vitest', 'run', '--config', '.config/vitest.config.ts', '--reporter=default', '--reporter=json', `--outputFile.json=${join(scratch, name)}`, ...args];

/** A stage of its own on either kind of cluster. */
const TOUR = 'test/e2e/tour.spec.ts';
/** Is about the hub alone or about simulated clusters, and run by npm test. */
const ELSEWHERE = [
  TOUR,
  'test/e2e/demo-restart.spec.ts',
  'test/e2e/preview-equals.spec.ts',
  'test/e2e/preview-foretells.spec.ts',
  'test/e2e/without-parts.spec.ts',
  'test/e2e/many-policies-cost.spec.ts',
  'test/e2e/restored-database.spec.ts',
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
/** What keeps every core busy by itself. */
const alone = [
  { name: 'real parts', command: ['npm', 'run', '--silent', 'real:build'] },
  { name: 'npm test', command: ['npm', 'test', '--', `--exclude=${TOUR}`, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], counts: report },
];
/** Side by side: the one half mostly waits, for traffic to be measured, the other computes. Beds do not collide. */
const proofs = [
  { name: 'proof by traffic', command: ['npm', 'run', 'proof', '--', 'spine', 'federation-bed', 'public-manifests', 'policy', 'pushed-presets'], without: meshLimit },
  { name: 'demo tour', command: ['npm', 'run', 'demo', '--', '--check'] },
  { name: 'demo tour on real clusters', command: ['npm', 'run', 'demo', '--', '--check', '--real'], without: clusterLimit },
  // What stands beside istioctl finds the same whatever kind of cluster istioctl reads: npm test has run it.
  { name: 'conformance on real clusters', command: vitest('conformance.json', '--maxWorkers=1', '--exclude=test/conformance/analysis/**', '--exclude=test/conformance/presets/**', 'test/conformance'), env: REAL, counts: join(scratch, 'conformance.json'), without: clusterLimit },
];
const endToEnd = [{ name: 'end to end on real clusters', command: vitest('real.json', '--maxWorkers=1', ...ELSEWHERE.map((path) => `--exclude=${path}`), 'test/e2e', 'test/chaos'), env: REAL, counts: join(scratch, 'real.json'), without: clusterLimit }];

const waiting = checks.values();
await Promise.all([lane(waiting), lane(waiting)]);
for (const stage of alone) await run(stage, 'inherit');
await Promise.all([lane(proofs), lane(endToEnd)]);

// Heirs clear what a bed leaves whose owner just ended, and take some two seconds for it.
let left = machine.leftovers();
for (let second = 0; left.length > 0 && second < 15; second += 1) {
  await sleep(1_000);
  left = machine.leftovers();
}
machine.end();
totals[left.length === 0 ? 'passed' : 'failed'] += 1;
if (left.length > 0) failures.push(`nothing left behind: ${left.join('; ')}`);
console.log(`\n== nothing left behind\n${left.map((line) => `   ${line}\n`).join('')}-- nothing left behind: ${left.length === 0 ? 'ok' : 'FAILED'}`);

skips.push(...whatWillNotRun());
rmSync(scratch, { recursive: true, force: true });
for (const skip of skips) console.log(`skipped: ${skip}`);
for (const test of secondTries) console.log(`passed at the second try: ${test}`);
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`everything in ${secondsSince(begun)} s`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 ? 0 : 1);

/** Runs stages one after another beside another lane; each shows what it said when it is done. */
async function lane(stages) {
  for (const stage of stages) await run(stage, 'pipe');
}

/** Runs a stage and adds up what came of it. */
async function run(stage, output) {
  const reason = stage.without?.();
  if (reason !== undefined) {
    totals.skipped += 1;
    skips.push(`${stage.name}: ${reason}`);
    return;
  }
  console.log(output === 'pipe' ? `.. ${stage.name} has begun` : `\n== ${stage.name}`);
  const from = Date.now();
  const [program, ...args] = stage.command;
  const child = spawn(program, args, { stdio: ['ignore', output, output], env: { CI: 'true', ...process.env, ...machine.environment, ...stage.env } });
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
  console.log(`-- ${stage.name}: ${status === 0 ? 'ok' : 'FAILED'} in ${secondsSince(from)} s`);
}

function secondsSince(begin) {
  return ((Date.now() - begin) / 1000).toFixed(0);
}

function countTests(file) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
    for (const suite of testResults) {
      for (const { status, fullName, failureMessages } of suite.assertionResults) {
        if (status === 'failed') failures.push(fullName);
        else if (status !== 'passed') skips.push(fullName);
        // What the first try failed with stays with a test that passed then.
        else if (failureMessages.length > 0) secondTries.push(`${fullName} (first: ${failureMessages[0].split('\n')[0]})`);
      }
      // A file that does not load has no tests of its own to name.
      if (suite.status === 'failed' && !suite.assertionResults.some(({ status }) => status === 'failed')) failures.push(relative(process.cwd(), suite.name));
    }
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
