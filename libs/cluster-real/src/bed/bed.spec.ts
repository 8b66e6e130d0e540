import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openNetwork } from '../network/bed-network.ts';
import { namespaceLimit } from '../parts/machine.ts';
import { openBed, sweepBeds } from './bed.ts';
import { ownerLives, thisOwner } from './owner.ts';

describe('the owner of a bed', () => {
  it('lives as long as its process, and is not taken for a later one with the same number', () => {
    const [pid, start] = thisOwner().split('.').map(Number);
    expect(ownerLives(thisOwner())).toBe(true);
    expect(ownerLives(`${pid}.${(start ?? 0) + 1}`)).toBe(false);
    expect(ownerLives('')).toBe(false);
  });
});

describe('a bed', () => {
  it('is gone when it is closed', () => {
    const bed = openBed();
    expect(existsSync(bed.folder)).toBe(true);
    bed.close();
    expect(existsSync(bed.folder)).toBe(false);
  });

  it('is swept when its owner is dead, and only then', () => {
    const bed = openBed();
    const orphan = mkdtempSync(join(dirname(bed.folder), 'bed-1.1-'));
    mkdirSync(join(orphan, 'east'));
    expect(sweepBeds()).toBeGreaterThanOrEqual(1);
    expect(existsSync(orphan)).toBe(false);
    expect(existsSync(bed.folder)).toBe(true);
    bed.close();
  });
});

const namespaces = namespaceLimit();
describe.skipIf(namespaces !== undefined)(`the network of a bed${namespaces === undefined ? '' : ` (not run: ${namespaces})`}`, () => {
  it('has a range of its own beside other beds', async () => {
    const beds = [openBed(), openBed()];
    const networks = await Promise.all(beds.map((bed) => openNetwork(bed)));
    expect(new Set(networks.map(({ hostAddress }) => hostAddress)).size).toBe(2);
    for (const bed of beds) bed.close();
    expect(bridgesOf(beds.map(({ id }) => id))).toEqual([]);
  });

  it('leaves no process, namespace, link or folder when its owner is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meshfleet-owner-'));
    const script = join(folder, 'owner.mjs');
    writeFileSync(script, OWNER);
    const owner = spawn(process.execPath, [script, join(import.meta.dirname, '..')], { stdio: ['ignore', 'pipe', 'inherit'] });
    // The one line that it prints.
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const { bed, namespace, pid, orphan } = JSON.parse(line.toString()) as { bed: string; namespace: string; pid: number; orphan: number };
    expect([alive(pid), alive(orphan), existsSync(bed)]).toEqual([true, true, true]);
    owner.kill('SIGKILL');
    await until(() => !existsSync(bed));
    expect([alive(pid), alive(orphan)]).toEqual([false, false]);
    expect(spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout).not.toContain(namespace);
    expect(existsSync(join('/etc/netns', namespace))).toBe(false);
    expect(bridgesOf([`mf${basename(bed).slice(-6)}`])).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  it('keeps a bed whose link is cut from hearing anything, until it is mended', async () => {
    const bed = openBed();
    const network = await openNetwork(bed);
    const pod = await network.createNamespace();
    const reach = (): number => spawnSync('ip', ['netns', 'exec', pod.name, process.execPath, '-e', KNOCK, network.hostAddress]).status ?? -1;
    expect(reach()).toBe(0);
    await pod.cut();
    expect(reach()).toBe(1);
    await pod.mend();
    expect(reach()).toBe(0);
    await pod.remove();
    bed.close();
  });
});

/** Opens a bed with a process of its own in a namespace, and one that has lost its parent, as Envoys do. */
const OWNER = `
import { spawnSync } from 'node:child_process';
const src = process.argv[2];
const { openBed } = await import(src + '/bed/bed.ts');
const { startProcess } = await import(src + '/bed/managed-process.ts');
const { openNetwork } = await import(src + '/network/bed-network.ts');
const bed = openBed();
const network = await openNetwork(bed);
const pod = await network.createNamespace();
const child = startProcess({ name: 'sleep', program: 'sleep', args: ['300'], logFile: bed.folder + '/log', namespace: pod.name });
const orphan = spawnSync('ip', ['netns', 'exec', pod.name, 'sh', '-c', 'sleep 300 >/dev/null 2>&1 & echo $!'], { encoding: 'utf8' }).stdout;
console.log(JSON.stringify({ bed: bed.folder, namespace: pod.name, pid: child.pid, orphan: Number(orphan) }));
setInterval(() => undefined, 1000);
`;

/** Ends well when anything on the machine's side answers, a refusal too. */
const KNOCK = `
const socket = require('node:net').connect(9, process.argv[1]);
socket.on('error', (error) => process.exit(error.code === 'ECONNREFUSED' ? 0 : 1));
setTimeout(() => process.exit(1), 1500);
`;

/** False also for what is dead and waits for init to take notice. */
function alive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}

function bridgesOf(ids: readonly string[]): string[] {
  const { stdout } = spawnSync('ip', ['-oneline', 'link', 'show', 'type', 'bridge'], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => ids.some((id) => line.includes(`alias ${id} `)));
}

async function until(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 200 && !holds(); round += 1) await sleep(50);
}
