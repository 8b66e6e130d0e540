// `npm run conformance -- --clusters simulated|real`: the Kubernetes behaviours that the product relies on, against either.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { clusters: { type: 'string', default: 'simulated' } } });
const clusters = values.clusters;
if (clusters !== 'simulated' && clusters !== 'real') {
  console.error('--clusters is simulated or real');
  process.exit(2);
}
const scratch = mkdtempSync(join(tmpdir(), 'meshfleet-conformance-'));
const report = join(scratch, 'report.json');
spawnSync('vitest', ['run', '--config', '.config/vitest.config.ts', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, 'test/conformance'], {
  stdio: 'inherit',
  env: { ...process.env, MESHFLEET_TEST_CLUSTERS: clusters },
});
// vitest's own report; a run that wrote none has failed before its first test.
const { numPassedTests, numFailedTests, success } = JSON.parse(readFileSync(report, 'utf8')) as { numPassedTests: number; numFailedTests: number; success: boolean };
rmSync(scratch, { recursive: true, force: true });
console.log(`${numPassedTests} passed, ${numFailedTests} failed`);
process.exitCode = success ? 0 : 1;
