// Makes every generated file anew, or with --check fails when one is not what its source makes it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const check = process.argv.includes('--check');
const generators = [
  { what: "Istio's, the Gateway API's and Sail Operator's kinds", script: 'libs/istio/generate/crds.ts', needsGo: true },
  { what: "Linkerd's kinds", script: 'libs/linkerd/generate/crds.ts', needsGo: false },
  { what: "Kubernetes' built-in kinds", script: 'libs/cluster-sim/generate/kubernetes-openapi.ts', needsGo: true },
  { what: "the protobuf fields of Kubernetes' kinds", script: 'libs/cluster-sim/generate/kubernetes-protobuf.ts', needsGo: true },
  { what: 'the pages of the presets', script: 'docs/generate/presets.ts', needsGo: false },
];
const hasGo = spawnSync('go', ['version']).status === 0;
let failed = 0;
let left = 0;

for (const { what, script, needsGo } of generators) {
  if (!existsSync(join(root, script))) continue;
  if (needsGo && !hasGo) {
    console.log(`left out: ${what} (${script} reads Go modules, and Go is not on this machine)`);
    left += 1;
    continue;
  }
  const result = spawnSync(process.execPath, [script, ...(check ? ['--check'] : [])], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) failed += 1;
}
console.log(`${generators.length - failed - left} generated sources current, ${failed} failed, ${left} left out`);
process.exit(failed === 0 ? 0 : 1);
