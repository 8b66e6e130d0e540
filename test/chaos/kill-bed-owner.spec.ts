import { clusterKindOf, kubectl, meshLimit } from '@meshfleet/cluster-real';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchMachine, type MachineWatch } from '../../libs/cluster-real/src/bed/watch-machine.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'libs', 'cluster-real', 'src', 'main.ts');
const PATIENCE_MS = 90_000;
const limit = clusterKindOf(process.env) === 'real' ? meshLimit() : 'MESHFLEET_TEST_CLUSTERS=real asks for it';

/** What `npm run real -- up` has opened. */
interface Bed {
  readonly owner: ChildProcess;
  readonly folder: string;
  /** Part of all its names in the kernel. */
  readonly id: string;
  /** All that it has printed so far. */
  said(): string;
}

describe.skipIf(limit !== undefined)(`two beds at once${limit === undefined ? '' : ` (not run: ${limit})`}`, () => {
  let watch: MachineWatch;
  let bystander: Bed;
  const beds: Bed[] = [];
  beforeAll(async () => {
    watch = watchMachine();
    bystander = await up('--clusters', '2');
    await runs(bystander);
  }, 120_000);
  afterAll(() => {
    for (const { owner } of beds) owner.kill('SIGKILL');
    watch.end();
  });

  it.each<[string, (victim: Bed) => Promise<void>]>([
    ['its API server starts', (victim) => until(() => existsSync(join(victim.folder, 'real-1', 'kube-apiserver.log')), victim)],
    ['its first pod is given a network', (victim) => until(() => tracesOf(victim).some((trace) => trace.startsWith('namespace')), victim)],
    ['it runs', runs],
    ['it stops', stops],
  ])('kill -9 of the owner of one while %s leaves nothing of it, and the other runs on', async (_moment, reached) => {
    const victim = await up('--istio', '1.29');
    await reached(victim);
    victim.owner.kill('SIGKILL');
    await isGone(victim);
    await bystanderServes();
  }, 240_000);

  it('kill -9 of an owner and of its heir leaves what the next one clears', async () => {
    const victim = await up('--istio', '1.29');
    await runs(victim);
    expect(spawnSync('pkill', ['-KILL', '-f', `heir ${victim.id} `]).status).toBe(0);
    victim.owner.kill('SIGKILL');
    const next = await up();
    await isGone(victim);
    next.owner.kill('SIGKILL');
    await isGone(next);
    await bystanderServes();
  }, 240_000);

  it('leave nothing on the machine when the last one is stopped', async () => {
    const ended = once(bystander.owner, 'exit');
    bystander.owner.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    await isGone(bystander);
    // Whoever works on the same copy meanwhile starts processes out of it and beds of their own: processes of ours name our folder.
    const { TMPDIR } = watch.environment;
    const isOurs = (line: string): boolean => (line.startsWith('process ') ? line.includes(TMPDIR) : beds.some(({ id }) => line.includes(id)) || !/\bmf\w{6}/.test(line));
    expect(watch.leftovers().filter(isOurs)).toEqual([]);
  }, 120_000);

  /** Answers as soon as its bed is there. */
  async function up(...args: string[]): Promise<Bed> {
    const owner = spawn(process.execPath, [MAIN, 'up', ...args], { env: { ...process.env, ...watch.environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [owner.stdout, owner.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const root = join(watch.environment.TMPDIR, `mf-real-${userInfo().uid}`);
    const find = (): string | undefined => (existsSync(root) ? readdirSync(root).find((name) => name.startsWith(`bed-${owner.pid}.`)) : undefined);
    await until(() => find() !== undefined, { said: () => said });
    const folder = join(root, find() ?? '');
    const bed = { owner, folder, id: `mf${folder.slice(-6)}`, said: () => said };
    beds.push(bed);
    return bed;
  }

  async function bystanderServes(): Promise<void> {
    for (const cluster of ['real-1', 'real-2']) expect(await kubectl(join(bystander.folder, cluster, 'admin.kubeconfig'), ['get', '--raw', '/readyz'])).toBe('ok');
  }
});

function runs(bed: Bed): Promise<void> {
  return until(() => bed.said().includes('Ctrl-C stops them.'), bed);
}

/** It has been asked to stop, and the first of its processes have ended. */
async function stops(bed: Bed): Promise<void> {
  await runs(bed);
  const before = tracesOf(bed).length;
  bed.owner.kill('SIGINT');
  await until(() => tracesOf(bed).length < before, bed);
}

async function isGone(bed: Bed): Promise<void> {
  await until(() => tracesOf(bed).length === 0, { said: () => tracesOf(bed).join('\n') });
}

/** What there is of a bed: processes (all name its folder), namespaces and their files, links, the folder. */
function tracesOf({ folder, id }: Bed): string[] {
  const lines = (program: string, ...args: string[]): string[] => spawnSync(program, args, { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
  const named = (what: string, found: readonly string[]): string[] => found.filter((line) => line.includes(id)).map((line) => `${what} ${line}`);
  return [
    ...lines('pgrep', '-a', '-f', folder).map((line) => `process ${line}`),
    ...named('namespace', lines('ip', 'netns', 'list')),
    ...named('files', existsSync('/etc/netns') ? readdirSync('/etc/netns') : []),
    ...named('link', lines('ip', '-oneline', 'link')),
    ...(existsSync(folder) ? [`folder ${folder}`] : []),
  ];
}

async function until(holds: () => boolean, { said }: Pick<Bed, 'said'>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Waited ${PATIENCE_MS / 1000} s in vain for ${holds.toString()}:\n${said()}`);
    await sleep(20);
  }
}
