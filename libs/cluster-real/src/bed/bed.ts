import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { spawnSync } from 'node:child_process';

/**
 * The folder of one set of real clusters. It names the process that owns it, so that whoever comes next can sweep what a
 * killed owner left behind: processes end with their owner by themselves (see managed-process), folders and network
 * namespaces do not.
 */
export interface Bed {
  readonly folder: string;
  /** Short and unique on this machine: prefix of everything in the kernel that belongs to the bed. */
  readonly id: string;
  close(): void;
}

const BEDS = join(tmpdir(), 'meshfleet-real');
const OWNER = 'owner.pid';

export function openBed(): Bed {
  mkdirSync(BEDS, { recursive: true });
  sweepBeds();
  const folder = mkdtempSync(join(BEDS, 'bed-'));
  writeFileSync(join(folder, OWNER), String(process.pid));
  const id = bedId(folder);
  return {
    folder,
    id,
    close: () => {
      clear(folder);
    },
  };
}

/** Removes what owners that are gone left behind; returns how many beds that were. */
export function sweepBeds(): number {
  const left = readdirSync(BEDS)
    .map((name) => join(BEDS, name))
    .filter((folder) => !ownerLives(folder));
  for (const folder of left) clear(folder);
  return left.length;
}

function clear(folder: string): void {
  for (const name of networkNamespaces(bedId(folder))) spawnSync('ip', ['netns', 'delete', name], { stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
}

function networkNamespaces(id: string): string[] {
  const { status, stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  if (status !== 0) return [];
  const names = stdout.split('\n').map((line) => line.split(' ')[0] ?? '');
  return names.filter((name) => name.startsWith(`${id}-`));
}

function bedId(folder: string): string {
  return `mf${basename(folder).slice('bed-'.length)}`;
}

function ownerLives(folder: string): boolean {
  try {
    const pid = Number(readFileSync(join(folder, OWNER), 'utf8'));
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
