import { spawnSync } from 'node:child_process';
import { mkdirSync, statfsSync } from 'node:fs';
import { cacheRoot } from './part-cache.ts';

/** What stands between this machine and a kind of real part, in words for a person; undefined when nothing does. */
export interface MachineLimits {
  /** Building from Go modules. */
  readonly go?: string;
  /** Unpacking Envoy from its wheel. */
  readonly wheel?: string;
  /** Workloads with a proxy, each in a network namespace of its own. */
  readonly namespaces?: string;
}

const NEEDED_GO = { major: 1, minor: 26 };
/** Go's build cache and the binaries of all parts. */
const NEEDED_GIB = 8;

export function machineLimits(): MachineLimits {
  const go = goLimit() ?? diskLimit();
  const wheel = runs('python3', ['-m', 'pip', '--version']) ? undefined : 'python3 with pip is not on this machine';
  const namespaces = namespaceLimit();
  return {
    ...(go === undefined ? {} : { go }),
    ...(wheel === undefined ? {} : { wheel }),
    ...(namespaces === undefined ? {} : { namespaces }),
  };
}

function goLimit(): string | undefined {
  const { status, stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  if (status !== 0) return 'Go is not on this machine';
  const [, major = 0, minor = 0] = /^go(\d+)\.(\d+)/.exec(stdout.trim())?.map(Number) ?? [];
  if (major > NEEDED_GO.major || (major === NEEDED_GO.major && minor >= NEEDED_GO.minor)) return undefined;
  return `Go ${NEEDED_GO.major}.${NEEDED_GO.minor} or newer is needed, this machine has ${stdout.trim()}`;
}

function diskLimit(): string | undefined {
  mkdirSync(cacheRoot(), { recursive: true });
  const { bavail, bsize } = statfsSync(cacheRoot());
  const free = (bavail * bsize) / 1024 ** 3;
  return free >= NEEDED_GIB ? undefined : `${NEEDED_GIB} GiB are needed below ${cacheRoot()}, ${free.toFixed(1)} GiB are free`;
}

function namespaceLimit(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (!runs('ip', ['netns', 'list'])) return 'the command ip (package iproute2) is not on this machine';
  return runs('iptables', ['--version']) ? undefined : 'the command iptables is not on this machine';
}

function runs(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}
