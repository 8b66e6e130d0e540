import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownerLives } from '../bed/owner.ts';

/** Files here lie over those of /etc for what runs in the namespace of the same name (ip-netns(8)). */
export const NAMESPACE_FILES = '/etc/netns';
export const BRIDGE_PREFIX = 'mfb';

/** Removes every network namespace of a bed with whatever still runs in it, and the bed's bridge. */
export function clearNetwork(id: string): void {
  for (const name of namespacesOf(id)) {
    for (const pid of ip(['netns', 'pids', name]).split('\n').filter(Boolean)) signalProcess(Number(pid), 'SIGKILL');
    ip(['netns', 'delete', name]);
  }
  // Also of a namespace that was never made, because its maker was killed just before.
  for (const name of filesOf(id)) rmSync(join(NAMESPACE_FILES, name), { recursive: true, force: true });
  for (const bridge of bridges()) if (bridge.id === id) ip(['link', 'delete', bridge.name]);
}

/** Ids of beds that have a bridge and no owner any more. */
export function networksOfDeadOwners(): string[] {
  return bridges()
    .filter(({ owner }) => !ownerLives(owner))
    .map(({ id }) => id);
}

function namespacesOf(id: string): string[] {
  const names = ip(['netns', 'list']).split('\n').map((line) => line.split(' ')[0] ?? '');
  return names.filter((name) => name.startsWith(`${id}-`));
}

function filesOf(id: string): string[] {
  return existsSync(NAMESPACE_FILES) ? readdirSync(NAMESPACE_FILES).filter((name) => name.startsWith(`${id}-`)) : [];
}

/** Bridges of ours carry `<bed> <owner>` as their alias. */
function bridges(): { name: string; id: string; owner: string }[] {
  const text = ip(['-json', 'link', 'show', 'type', 'bridge']);
  // The command's own JSON.
  const links = (text === '' ? [] : JSON.parse(text)) as { ifname?: string; ifalias?: string }[];
  return links.flatMap(({ ifname = '', ifalias = '' }) => {
    const [id, owner] = ifalias.split(' ');
    return ifname.startsWith(BRIDGE_PREFIX) && id !== undefined && owner !== undefined ? [{ name: ifname, id, owner }] : [];
  });
}

function ip(args: readonly string[]): string {
  const { status, stdout } = spawnSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? stdout : '';
}

export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
