// `npm run conformance -- --clusters simulated|real`: the Kubernetes behaviours that the product relies on, against either.
import { clusterLimit } from '@meshfleet/cluster-real';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { clusters: { type: 'string', default: 'simulated' } } });
const clusters = values.clusters;
if (clusters !== 'simulated' && clusters !== 'real') {
  console.error('--clusters is simulated or real');
  process.exit(2);
}
const limit = clusters === 'real' ? clusterLimit() : undefined;
if (limit !== undefined) {
  console.error(`No real cluster runs here: ${limit}.\n0 passed, 0 failed`);
  process.exit(2);
}
const scratch = mkdtempSync(join(tmpdir(), 'meshfleet-conformance-'));
const report = join(scratch, 'report.json');
spawnSync('vitest', ['run', '--config', '.config/vitest.config.ts', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, 'test/conformance'], {
  stdio: 'inherit',
  env: { ...process.env, MESHFLEET_TEST_CLUSTERS: clusters },
});
// vitest's own report. A file that does not load, or a cluster that does not start, fails the run and no test of it.
const { numPassedTests, numFailedTests, success } = existsSync(report)
  ? (JSON.parse(readFileSync(report, 'utf8')) as { numPassedTests: number; numFailedTests: number; success: boolean })
  : { numPassedTests: 0, numFailedTests: 0, success: false };
rmSync(scratch, { recursive: true, force: true });
console.log(`${numPassedTests} passed, ${success ? numFailedTests : Math.max(numFailedTests, 1)} failed`);
process.exitCode = success ? 0 : 1;
