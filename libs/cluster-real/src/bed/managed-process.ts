import { MeshfleetError } from '@meshfleet/model';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fchownSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that belongs to a bed and never outlives the process that started it. */
export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  /** True until it has ended. */
  running(): boolean;
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface ProcessSpec {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Name of the network namespace that it runs in; the machine's own by default. */
  readonly namespace?: string;
  /** Number of the user and the group that it runs as. */
  readonly user?: number;
}

const STOP_GRACE_MS = 5_000;

/** The command that the kernel kills when its starter dies in any way (PR_SET_PDEATHSIG, by util-linux' setpriv). */
export function bound(command: readonly string[], user: readonly string[] = []): [string, ...string[]] {
  return ['setpriv', ...user, '--pdeathsig', 'KILL', '--', ...command];
}

/** Starts a program that dies with its starter. */
export function startProcess(spec: ProcessSpec): ManagedProcess {
  const log = openSync(spec.logFile, 'a');
  // Proxies open their standard output once more, by its name.
  if (spec.user !== undefined) fchownSync(log, spec.user, spec.user);
  const user = spec.user === undefined ? [] : [`--reuid=${spec.user}`, `--regid=${spec.user}`, '--clear-groups', '--no-new-privs'];
  const command = bound([spec.program, ...spec.args], user);
  const [program, ...args]: [string, ...string[]] = spec.namespace === undefined ? command : ['ip', 'netns', 'exec', spec.namespace, ...command];
  const child = spawn(program, args, {
    cwd: spec.cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', ...spec.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const exited = once(child, 'exit').catch(() => undefined);
  const running = (): boolean => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!running()) return;
    // A paused process takes no signal but KILL until it goes on.
    child.kill('SIGCONT');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    await exited;
    clearTimeout(timer);
  };
  return {
    name: spec.name,
    pid: child.pid ?? 0,
    running,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

/**
 * Waits until a process serves.
 * @throws KUBERNETES_UNREACHABLE with the end of its log when it dies first or takes too long.
 */
export async function waitForProcess(process: ManagedProcess, logFile: string, ready: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await ready())) {
    if (!process.running() || performance.now() > deadline) {
      throw new MeshfleetError({
        code: 'KUBERNETES_UNREACHABLE',
        summary: `${process.name} ${process.running() ? `did not serve within ${timeoutMs / 1000} s` : 'ended while it started'}`,
        why: readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-8).join('\n'),
        fix: `Read ${logFile}.`,
      });
    }
    await sleep(50);
  }
}
