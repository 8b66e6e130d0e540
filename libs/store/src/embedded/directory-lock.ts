import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { MeshfleetError } from '@meshfleet/model';

/** Holds a data directory for this process; the file beside it says who holds it. */
export interface DirectoryLock {
  release(): void;
}

const heldHere = new Set<string>();

/**
 * @throws MeshfleetError CONFIG_INVALID when a living process holds the directory
 */
export function lockDirectory(dataDir: string): DirectoryLock {
  const path = `${dataDir}.lock`;
  mkdirSync(dirname(dataDir), { recursive: true });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (tryCreate(path)) {
      heldHere.add(path);
      return {
        release() {
          heldHere.delete(path);
          rmSync(path, { force: true });
        },
      };
    }
    const holder = readHolder(path);
    if (holder !== undefined && isHeld(path, holder)) throw inUse(dataDir, holder.pid);
    rmSync(path, { force: true }); // Its process is gone: killed before it could clean up.
  }
  throw inUse(dataDir, undefined);
}

interface Holder {
  readonly pid: number;
  readonly started: string;
}

function tryCreate(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  writeSync(file, JSON.stringify({ pid: process.pid, started: startTimeOf(process.pid) } satisfies Holder));
  closeSync(file);
  return true;
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** A number alone proves little: in a container the next start often gets the very same one. */
function isHeld(path: string, holder: Holder): boolean {
  if (holder.pid === process.pid) return heldHere.has(path);
  return isAlive(holder.pid) && startTimeOf(holder.pid) === holder.started;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started, in clock ticks since boot; empty where /proc is missing. */
function startTimeOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22; counted from behind the command name, which may hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function inUse(dataDir: string, pid: number | undefined): MeshfleetError {
  return new MeshfleetError({
    code: 'CONFIG_INVALID',
    summary: `The data directory ${dataDir} is in use${pid === undefined ? '' : ` by process ${pid}`}`,
    why: 'one embedded Postgres at a time may work on a data directory',
    fix: 'Stop the other Meshfleet, or choose another data directory.',
  });
}
