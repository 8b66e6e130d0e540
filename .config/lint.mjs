// Lint that says nothing but findings, and one line at the end. Nx's project graph is made first: the rule about module boundaries reads it.
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);

let projects;
try {
  projects = JSON.parse(execFileSync(bin('nx'), ['show', 'projects', '--json'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
} catch (error) {
  console.error(`nx does not tell the projects, which the module boundaries are about:\n${error.stderr ?? error.message}`);
  process.exit(1);
}
const folders = ['apps', 'libs', 'test', 'docs', '.config'];
const { status } = spawnSync(bin('eslint'), ['--config', join('.config', 'eslint.config.mjs'), '--max-warnings', '0', ...folders, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
console.log(status === 0 ? `Lint: nothing found in ${folders.join(', ')} (${projects.length} projects).` : 'Lint: see above.');
process.exit(status ?? 1);
