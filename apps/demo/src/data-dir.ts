import { MeshfleetError } from '@meshfleet/model';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DataDir {
  readonly path: string;
  readonly logs: string;
  readonly clusters: string;
  release(): void;
}

const NEEDED_BYTES = 500 * 1024 * 1024;

/**
 * Makes the demo's folder and takes its lock, so that two demos never share one database.
 * @throws CONFIG_INVALID when another demo holds it, STORE_UNAVAILABLE when the disk is full or the folder cannot be written.
 */
export function openDataDir(path: string, options: { reset: boolean }): DataDir {
  const lock = join(path, 'demo.pid');
  refuseWhenHeld(path, lock);
  try {
    if (options.reset) rmSync(path, { recursive: true, force: true });
    const dir = { path, logs: join(path, 'logs'), clusters: join(path, 'clusters') };
    for (const folder of Object.values(dir)) mkdirSync(folder, { recursive: true });
    refuseWhenFull(path);
    writeFileSync(lock, String(process.pid));
    return {
      ...dir,
      release: () => {
        rmSync(lock, { force: true });
      },
    };
  } catch (cause) {
    if (cause instanceof MeshfleetError) throw cause;
    throw new MeshfleetError(
      {
        code: 'STORE_UNAVAILABLE',
        summary: `The demo cannot use the folder ${path}`,
        why: cause instanceof Error ? cause.message : String(cause),
        fix: 'Make it writable, or name another one with --data-dir.',
      },
      { cause },
    );
  }
}

/**
 * A new folder for data that are thrown away with it. Others may enter it, though not look around: started as root,
 * Postgres runs as a user of its own, and would have to keep its files outside of what is removed.
 */
export function makeThrowAwayDir(prefix: string): string {
  const path = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(path, 0o711);
  return path;
}

function refuseWhenHeld(path: string, lock: string): void {
  const pid = readPid(lock);
  if (pid === undefined || !isAlive(pid)) return;
  throw new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: `Another demo (process ${pid}) is using ${path}`,
    fix: 'Stop it with Ctrl-C where it runs, or start this one with another --data-dir and --port.',
  });
}

function refuseWhenFull(path: string): void {
  const { bavail, bsize } = statfsSync(path);
  if (bavail * bsize >= NEEDED_BYTES) return;
  throw new MeshfleetError({
    code: 'STORE_UNAVAILABLE',
    summary: `The disk that holds ${path} is nearly full`,
    why: `${Math.floor((bavail * bsize) / 1024 / 1024)} MiB are free; the demo wants ${NEEDED_BYTES / 1024 / 1024} MiB.`,
    fix: 'Free some space, or name a folder on another disk with --data-dir.',
  });
}

function readPid(lock: string): number | undefined {
  try {
    return Number(readFileSync(lock, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch {
    return false;
  }
}
