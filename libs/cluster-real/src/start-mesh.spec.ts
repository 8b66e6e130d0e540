import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubectl } from './cluster/kubectl.ts';
import { deployGateway } from './mesh/deploy-gateway.ts';
import type { Istiod } from './mesh/install-istio.ts';
import type { RealPod } from './node/run-pod.ts';
import { meshLimit } from './parts/mesh-limit.ts';
import { startMesh, type RealMesh, type RealMeshCluster } from './start-mesh.ts';
import { callFrom, sendTraffic } from './workload/caller.ts';
import { deployWorkload } from './workload/deploy-workload.ts';

const limit = meshLimit();
const URL = 'http://echo.shop:8080/';

describe.skipIf(limit !== undefined)(`a real mesh${limit === undefined ? '' : ` (not run: ${limit})`}`, { timeout: 120_000 }, () => {
  let mesh: RealMesh;
  let east: RealMeshCluster;
  let istiod: Istiod;
  const kube = (args: readonly string[], input = ''): Promise<string> => kubectl(east.cluster.kubeconfigFile, args, input);
  const pod = (app: string): RealPod => {
    const [found] = east.nodes.pods('shop', { app });
    expect(found).toBeDefined();
    return found as RealPod; // expected just now
  };
  const code = async (url = URL): Promise<number | string | undefined> => {
    const { code: answered, error } = await callFrom(pod('client'), { url, timeoutMs: 1_500 });
    return answered ?? error;
  };
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    for (let round = 0; round < 150; round += 1) {
      if (await holds()) return;
      await sleep(100);
    }
    expect.fail(`Waited in vain. ${east.nodes.problems().join('\n')}`);
  };

  beforeAll(async () => {
    mesh = await startMesh([{ name: 'east', istio: { version: '1.28', revision: 'one', env: { ISTIO_MULTIROOT_MESH: 'true' } }, realNodes: [{ name: 'real-a', region: 'eu', zone: 'eu-a' }] }]);
    const [first] = mesh.clusters;
    if (first?.istiod === undefined) return;
    east = first;
    istiod = first.istiod;
    await kube(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: istiod.injectionLabel } }));
    await Promise.all(['echo', 'client'].map((name) => deployWorkload(east.cluster, { name, namespace: 'shop' })));
    await until(async () => (await code()) === 200);
  }, 180_000);
  afterAll(async () => {
    await mesh.stop();
    expect(existsSync(mesh.bed.folder)).toBe(false);
    expect(spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout).not.toContain(mesh.bed.id);
    expect(spawnSync('ip', ['-oneline', 'link'], { encoding: 'utf8' }).stdout).not.toContain(mesh.bed.id);
    // Every process of the bed has its folder in its command line or runs out of it.
    expect(spawnSync('pgrep', ['-f', mesh.bed.folder], { encoding: 'utf8' }).stdout).toBe('');
  }, 60_000);

  it('has proxies of two workloads speak with the certificates of their service accounts', async () => {
    const { body = '' } = await callFrom(pod('client'), { url: URL });
    expect(body).toContain('By=spiffe://cluster.local/ns/shop/sa/echo');
    expect(body).toContain('URI=spiffe://cluster.local/ns/shop/sa/client');
  });

  it('counts what a generator is answered', async () => {
    const counts = await sendTraffic(pod('client'), { url: URL, perSecond: 100, total: 100 });
    expect(counts).toMatchObject({ sent: 100, byCode: { 200: 100 }, byVersion: { v1: 100 }, byCluster: { east: 100 }, byError: {} });
  });

  it('is the revision that was asked for, and shows its debug pages', async () => {
    expect(istiod.version).toBe('1.28.2');
    expect(JSON.stringify(await istiod.debug('syncz'))).toContain('client');
    expect(await kube(['-n', 'shop', 'get', 'pods', '-o', 'jsonpath={.items[*].metadata.annotations.istio\\.io/rev}'])).toBe('one one');
  });

  it('tells endpoints their place by the labels of the node', async () => {
    expect(JSON.stringify(await istiod.debug('endpointShardz'))).toContain('eu/eu-a');
  });

  it('has istiod refuse what only it finds wrong', async () => {
    const wrong = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'wrong', namespace: 'shop', labels: { 'istio.io/rev': 'one' } }, spec: { hosts: ['echo'], http: [{ fault: { abort: { httpStatus: 418, percentage: { value: 150 } } }, route: [{ destination: { host: 'echo' } }] }] } };
    await expect(kube(['apply', '-f', '-'], JSON.stringify(wrong))).rejects.toMatchObject({ why: expect.stringContaining('validation.istio.io') as string });
  });

  it('takes what is mounted into istiod from its Secret, by the swap of a link', async () => {
    const folder = `${istiod.pod().folder}/root/etc/cacerts`;
    await kube(['-n', 'istio-system', 'create', 'secret', 'generic', 'cacerts', '--from-literal=note=mirrored']);
    await until(() => Promise.resolve(existsSync(`${folder}/..data/note`)));
    await kube(['-n', 'istio-system', 'delete', 'secret', 'cacerts']);
    await until(() => Promise.resolve(!existsSync(`${folder}/note`)));
  });

  it('gives a gateway an address that callers outside of the mesh reach', async () => {
    const address = await deployGateway(east.cluster, { name: 'ingress', namespace: 'shop', version: '1.28', revision: 'one' });
    const objects = [
      { apiVersion: 'networking.istio.io/v1', kind: 'Gateway', metadata: { name: 'in', namespace: 'shop' }, spec: { selector: { istio: 'ingress' }, servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] } },
      { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'in', namespace: 'shop' }, spec: { hosts: ['*'], gateways: ['in'], http: [{ route: [{ destination: { host: 'echo' } }] }] } },
    ];
    await kube(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    await until(() => fetch(`http://${address}/`).then(({ status }) => status === 200, () => false));
  });

  it('loses a workload whose link is cut, and has it back when it is mended', async () => {
    await pod('echo').network.cut();
    expect(await code()).not.toBe(200);
    await pod('echo').network.mend();
    await until(async () => (await code()) === 200);
  });

  it('loses a workload that is paused, and has it back when it goes on', async () => {
    await pod('echo').pause();
    expect(await code()).not.toBe(200);
    await pod('echo').resume();
    await until(async () => (await code()) === 200);
  });

  it('starts a container again that was killed, and says so in its status', async () => {
    await pod('echo').process('app')?.kill();
    await until(async () => (await code()) === 200);
    await until(async () => (await kube(['-n', 'shop', 'get', 'pod', '-l', 'app=echo', '-o', 'jsonpath={.items[0].status.containerStatuses[?(@.name=="app")].restartCount}'])) === '1');
  });

  it('goes on answering while istiod is paused', async () => {
    await istiod.pod().pause();
    expect(await code()).toBe(200);
    await istiod.pod().resume();
  });

  it('replaces pods when their Deployment is restarted', async () => {
    const before = pod('echo').name;
    await kube(['-n', 'shop', 'rollout', 'restart', 'deployment/echo']);
    await kube(['-n', 'shop', 'rollout', 'status', 'deployment/echo', '--timeout=60s']);
    await until(async () => !(await kube(['-n', 'shop', 'get', 'pods', '-o', 'name'])).includes(before));
    expect(pod('echo').name).not.toBe(before);
    await until(async () => (await code()) === 200);
  });
});
