import { MeshfleetError } from '@meshfleet/model';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessSpec {
  readonly name: string;
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: Record<string, string>;
}

/** A process of the fleet that is started again when it dies, as a Deployment would. */
export interface SupervisedProcess {
  readonly name: string;
  readonly logFile: string;
  pid(): number | undefined;
  /** How often it was started again. */
  restarts(): number;
  kill(signal: NodeJS.Signals): void;
}

export interface Supervisor {
  start(spec: ProcessSpec): SupervisedProcess;
  process(name: string): SupervisedProcess | undefined;
  stop(): Promise<void>;
}

/** Exits that come sooner than this after a start count as a failure to start. */
const QUICK_EXIT_MS = 2_000;
const MOST_RESTARTS = 3;
const STOP_GRACE_MS = 10_000;

export function createSupervisor(options: { logDir: string; onRestart?: (name: string, how: string) => void }): Supervisor {
  const leash = spawn(process.execPath, [join(import.meta.dirname, 'leash.ts')], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const running = new Map<string, ChildProcess>();
  const supervised = new Map<string, SupervisedProcess>();
  let stopping = false;

  const launch = (spec: ProcessSpec, state: { restarts: number; quickExits: number }): void => {
    const log = openSync(join(options.logDir, `${spec.name}.log`), 'a');
    const startedAt = performance.now();
    const child = spawn(process.execPath, [...(spec.nodeOptions ?? []), spec.script, ...(spec.args ?? [])], {
      env: { ...inherited(), ...spec.env },
      stdio: ['ignore', log, log],
      // A group of its own: Ctrl-C reaches the demo alone, which then stops everything in order.
      detached: true,
    });
    closeSync(log);
    running.set(spec.name, child);
    leash.stdin?.write(`+${child.pid}\n`);
    child.once('exit', (code, signal) => {
      leash.stdin?.write(`-${child.pid}\n`);
      if (stopping) return;
      state.quickExits = performance.now() - startedAt < QUICK_EXIT_MS ? state.quickExits + 1 : 0;
      state.restarts += 1;
      options.onRestart?.(spec.name, signal ?? `exit code ${code}`);
      const backoff = Math.min(10_000, 100 * 2 ** state.quickExits);
      void sleep(backoff).then(() => {
        if (!stopping) launch(spec, state);
      });
    });
  };

  return {
    start(spec) {
      const state = { restarts: 0, quickExits: 0 };
      launch(spec, state);
      const handle: SupervisedProcess = {
        name: spec.name,
        logFile: join(options.logDir, `${spec.name}.log`),
        pid: () => running.get(spec.name)?.pid,
        restarts: () => state.restarts,
        kill: (signal) => {
          running.get(spec.name)?.kill(signal);
        },
      };
      supervised.set(spec.name, handle);
      return handle;
    },
    process: (name) => supervised.get(name),
    async stop() {
      stopping = true;
      await Promise.all([...running.values()].map(stopChild));
      leash.stdin?.end();
    },
  };
}

/** Waits until nothing is in the way any more; time that is over, or a process that keeps dying, ends the wait. @throws MeshfleetError INTERNAL with the last lines of its log */
export async function waitUntilReady(child: Pick<SupervisedProcess, 'name' | 'logFile' | 'restarts'>, inTheWay: () => Promise<string | undefined>, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (let obstacle = await inTheWay(); obstacle !== undefined; obstacle = await inTheWay()) {
    if (child.restarts() >= MOST_RESTARTS) throw unready(child, `it ended ${child.restarts()} times`);
    if (performance.now() > deadline) throw unready(child, `after ${Math.round(timeoutMs / 1000)} s ${obstacle}`);
    await sleep(50);
  }
}

function unready({ name, logFile }: Pick<SupervisedProcess, 'name' | 'logFile'>, why: string): MeshfleetError {
  const said = lastLines(logFile, 5);
  return new MeshfleetError({
    code: 'INTERNAL',
    summary: `${name} did not become ready`,
    why: said === '' ? `${why}, and its log is empty` : `${why}; its log ends\n${said}`,
    fix: `Read the whole log in ${logFile}, and start again; npm run demo -- --reset begins anew.`,
  });
}

/** All that a process gets of our own environment. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'NODE_COMPILE_CACHE'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await gone;
  clearTimeout(timer);
}

function lastLines(file: string, count: number): string {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.slice(-count).join('\n');
}
