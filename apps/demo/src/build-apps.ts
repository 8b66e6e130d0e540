import { MeshfleetError } from '@meshfleet/model';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Bundles the apps into dist/ when a source is newer than the bundles. */
export function buildApps(root: string): void {
  const bundles = ['api/main.js', 'reconciler/main.js', 'agent/main.cjs'].map((file) => join(root, 'dist', file));
  const built = Math.min(...bundles.map((file) => (existsSync(file) ? statSync(file).mtimeMs : 0)));
  const sources = ['apps', 'libs', 'prisma', '.config'].map((folder) => newestIn(join(root, folder)));
  if (Math.max(...sources) < built) return;
  const result = spawnSync(process.execPath, [join(root, '.config', 'build.mjs')], { cwd: root, encoding: 'utf8' });
  if (result.status === 0) return;
  throw new MeshfleetError({ code: 'INTERNAL', summary: 'The apps could not be built', why: (result.stderr || result.stdout).slice(0, 2_000) });
}

function newestIn(folder: string): number {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestIn(path) : statSync(path).mtimeMs);
  }
  return newest;
}
