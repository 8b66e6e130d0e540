import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Part } from './part.ts';

/** Where the parts are pinned. */
export const PINS = join(import.meta.dirname, '..', '..', '..', '..', 'test', 'real');

/** The user's cache of built parts; MESHFLEET_REAL_CACHE names another. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  return env['MESHFLEET_REAL_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'meshfleet', 'real');
}

/** The folder that holds the binaries of exactly these pins: a changed pin is another folder. */
export function partFolder(part: Part): string {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}\n${part.type === 'go' ? part.ldflags : part.member}\n`);
  const pins = join(PINS, part.folder);
  for (const file of readdirSync(pins).sort()) hash.update(`${file}\n`).update(readFileSync(join(pins, file)));
  return join(cacheRoot(), `${part.folder}-${hash.digest('hex').slice(0, 16)}`);
}

export function isBuilt(part: Part): boolean {
  const folder = partFolder(part);
  return part.binaries.every((binary) => existsSync(join(folder, binary)));
}

/** Path of a binary of a part, whether it is built or not. */
export function binaryPath(part: Part, binary: string): string {
  return join(partFolder(part), binary);
}
