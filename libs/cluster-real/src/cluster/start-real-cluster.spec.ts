import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterLimit } from '../parts/mesh-limit.ts';
import { kubectl } from './kubectl.ts';
import { startRealCluster, type ControlPlanePart, type RealCluster } from './start-real-cluster.ts';

const limit = clusterLimit();

describe.skipIf(limit !== undefined)(`a real cluster${limit === undefined ? '' : ` (not run: ${limit})`}`, { timeout: 120_000 }, () => {
  let cluster: RealCluster;
  const kube = (...args: string[]): Promise<string> => kubectl(cluster.kubeconfigFile, args);
  /** What a Deployment has come to: `<replica sets> <pods with a node> <running pods>`. */
  const progress = async (name: string): Promise<string> => {
    const sets = await kube('get', 'replicasets', '-l', `app=${name}`, '-o', 'name');
    const pods = await kube('get', 'pods', '-l', `app=${name}`, '-o', 'jsonpath={range .items[*]}{.spec.nodeName}/{.status.phase} {end}');
    const all = pods.trim().split(' ').filter(Boolean);
    return `${sets.trim() === '' ? 0 : 1} ${all.filter((pod) => !pod.startsWith('/')).length} ${all.filter((pod) => pod.endsWith('/Running')).length}`;
  };
  const until = async (name: string, expected: string): Promise<void> => {
    for (let round = 0; round < 300 && (await progress(name)) !== expected; round += 1) await sleep(100);
    expect(await progress(name)).toBe(expected);
  };
  /** Long enough for every part that is well to have done its work. */
  const stays = async (name: string, expected: string): Promise<void> => {
    await until(name, expected);
    await sleep(1_500);
    expect(await progress(name)).toBe(expected);
  };

  beforeAll(async () => {
    cluster = await startRealCluster({ name: 'faults' });
    await kube('create', 'deployment', 'first', '--image=registry.test/web:1');
    await until('first', '1 1 1');
  }, 120_000);
  afterAll(async () => {
    await cluster.stop();
    expect(existsSync(cluster.folder)).toBe(false);
    expect(spawnSync('pgrep', ['-f', cluster.folder], { encoding: 'utf8' }).stdout).toBe('');
  });

  it.each<[ControlPlanePart, string]>([
    ['controllerManager', '0 0 0'],
    ['scheduler', '1 0 0'],
    ['kwok', '1 1 0'],
  ])('comes exactly as far as it can without its %s, which goes on where it was', async (part, reached) => {
    const name = `paused-${part.toLowerCase()}`;
    cluster.process(part).pause();
    await kube('create', 'deployment', name, '--image=registry.test/web:1');
    await stays(name, reached);
    cluster.process(part).resume();
    await until(name, '1 1 1');
  });

  it.each<[ControlPlanePart, string]>([
    ['controllerManager', '0 0 0'],
    ['scheduler', '1 0 0'],
    ['kwok', '1 1 0'],
  ])('does without a %s that was killed until it is started anew', async (part, reached) => {
    const name = `killed-${part.toLowerCase()}`;
    const { pid } = cluster.process(part);
    await cluster.process(part).kill();
    expect(cluster.process(part).running()).toBe(false);
    await kube('create', 'deployment', name, '--image=registry.test/web:1');
    await stays(name, reached);
    await cluster.restart(part);
    expect(cluster.process(part).pid).not.toBe(pid);
    await until(name, '1 1 1');
  });

  it('keeps every object over a kill -9 of its etcd and of its API server', async () => {
    const uid = await kube('get', 'deployment', 'first', '-o', 'jsonpath={.metadata.uid}');
    await cluster.restart('etcd');
    await cluster.restart('apiServer');
    expect(await kube('get', 'deployment', 'first', '-o', 'jsonpath={.metadata.uid}')).toBe(uid);
  });
});
