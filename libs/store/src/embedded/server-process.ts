import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresBinaries, ServerUser } from './binaries.ts';
import { isAlive } from './directory-lock.ts';
import { embeddedError } from './embedded-error.ts';

export interface ServerProcess {
  readonly pid: number;
  /** Resolves with how it ended. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly dataDir: string;
  readonly port: number;
  /** False: the data are thrown away at the end, so that nothing waits for the disk. */
  readonly durable: boolean;
}

/** Starts the server and resolves when it takes connections. */
export async function startServer(binaries: PostgresBinaries, user: ServerUser | undefined, options: ServerOptions): Promise<ServerProcess> {
  const child = spawn(binaries.postgres, serverArguments(options), {
    cwd: '/',
    // A group of its own: Ctrl-C reaches us, and we stop the server when everybody has let go of it.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
  });
  const exited = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? `exit code ${String(code)}`)));
  await readyOrDead(child, { dataDir: options.dataDir, port: options.port, user: user?.name });
  child.unref();
  (child.stderr as unknown as { unref(): void }).unref(); // a socket, though declared as a plain stream
  return {
    pid: child.pid ?? 0,
    exited,
    stop: async () => {
      // Fast shutdown: open transactions are rolled back, data are flushed.
      await signalUntilGone(child, exited, 'SIGINT', 20_000);
      await signalUntilGone(child, exited, 'SIGQUIT', 5_000);
      await signalUntilGone(child, exited, 'SIGKILL', 5_000);
    },
  };
}

/**
 * Ends a server that outlived the process that had started it, and removes what it left, so that the next one can
 * start. Only a Postgres that names this very data directory is touched.
 */
export async function clearStaleServer(dataDir: string): Promise<void> {
  const file = join(dataDir, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (Number.isInteger(pid) && pid > 1 && isServerOf(pid, dataDir)) {
    for (const [signal, patience] of [['SIGINT', 10_000], ['SIGKILL', 5_000]] as const) {
      if (!isAlive(pid)) break;
      process.kill(pid, signal);
      await until(() => !isAlive(pid), patience);
    }
  }
  rmSync(file, { force: true });
}

function serverArguments({ dataDir, port, durable }: ServerOptions): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '128MB',
    lc_messages: 'C',
    log_min_messages: 'warning',
    // Postgres logs statements that failed, with their values: those may hold what must not be logged.
    log_min_error_statement: 'panic',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: '0' }),
  };
  return ['-D', dataDir, '-p', String(port), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

function readyOrDead(child: ChildProcess, context: { dataDir: string; port: number; user: string | undefined }): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    let ready = false;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (ready) return; // read on, or the server would block on a full pipe
      output = (output + text).slice(-8_000);
      if (!output.includes('database system is ready to accept connections')) return;
      ready = true;
      resolve();
    });
    child.once('error', (error) => reject(embeddedError(String(error), context, error)));
    child.once('close', () => reject(embeddedError(output, context)));
  });
}

async function signalUntilGone(child: ChildProcess, exited: Promise<unknown>, signal: NodeJS.Signals, patience: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([exited, new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)))]);
  clearTimeout(timer);
}

function isServerOf(pid: number, dataDir: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dataDir);
  } catch {
    return false; // no /proc (macOS): Postgres itself then decides whether the file is stale
  }
}

async function until(condition: () => boolean, patience: number): Promise<void> {
  const deadline = Date.now() + patience;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 25));
}
