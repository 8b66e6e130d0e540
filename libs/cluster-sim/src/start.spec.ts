import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig, KubernetesObjectApi, makeInformer, PatchStrategy, setHeaderOptions, Watch, type V1ConfigMap } from '@kubernetes/client-node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { callApi, openWatch } from './server/api-client.ts';
import { startSimulatedCluster, type SimulatedCluster, type SimulatedClusterOptions } from './start.ts';

const running: SimulatedCluster[] = [];
async function start(options: SimulatedClusterOptions = {}): Promise<SimulatedCluster> {
  const cluster = await startSimulatedCluster({ nodes: 1, ...options });
  running.push(cluster);
  return cluster;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((cluster) => cluster.stop()));
});

const PATH = '/api/v1/namespaces/default/configmaps';
const put = (cluster: SimulatedCluster, name: string) => callApi(cluster, PATH, { method: 'POST', body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } } });
const versionOf = async (cluster: SimulatedCluster): Promise<string> => ((await callApi(cluster, PATH)).body as { metadata: { resourceVersion: string } }).metadata.resourceVersion;

function clientOf(cluster: SimulatedCluster): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(cluster.kubeconfig());
  return config;
}

describe('@kubernetes/client-node', () => {
  it('creates, lists, patches, applies and deletes', async () => {
    const cluster = await start();
    const config = clientOf(cluster);
    const core = config.makeApiClient(CoreV1Api);
    await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'a' }, data: { k: '1' } } });
    expect((await core.listNamespacedConfigMap({ namespace: 'default' })).items.map((item) => item.metadata?.name)).toContain('a');
    const patched = await core.patchNamespacedConfigMap(
      { namespace: 'default', name: 'a', body: { data: { j: '2' } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    expect(patched.data).toEqual({ k: '1', j: '2' });
    const objects = KubernetesObjectApi.makeApiClient(config);
    const applied = await objects.patch(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b', namespace: 'default' }, data: { x: 'y' } } as V1ConfigMap,
      undefined, undefined, 'meshfleet', true, PatchStrategy.ServerSideApply,
    );
    expect(applied.metadata?.managedFields?.map((entry) => `${entry.operation ?? ''} ${entry.manager ?? ''}`)).toEqual(['Apply meshfleet']);
    await core.deleteNamespacedConfigMap({ namespace: 'default', name: 'a' });
    await expect(core.readNamespacedConfigMap({ namespace: 'default', name: 'a' })).rejects.toMatchObject({ code: 404 });
  });

  it('watches and keeps an informer\'s cache', async () => {
    const cluster = await start();
    const config = clientOf(cluster);
    const core = config.makeApiClient(CoreV1Api);
    const informer = makeInformer(config, PATH, () => core.listNamespacedConfigMap({ namespace: 'default' }));
    await informer.start();
    await put(cluster, 'seen');
    await vi.waitFor(() => expect(informer.get('seen', 'default')).toBeDefined());
    await callApi(cluster, `${PATH}/seen`, { method: 'DELETE' });
    await vi.waitFor(() => expect(informer.get('seen', 'default')).toBeUndefined());
    await informer.stop();
    const phases: string[] = [];
    const watch = await new Watch(config).watch(PATH, {}, (phase) => phases.push(phase), () => undefined);
    await vi.waitFor(() => expect(phases).toContain('ADDED'));
    watch.abort();
  });
});

describe('faults', () => {
  it('answer 429 as often as asked, with the time to wait', async () => {
    const cluster = await start();
    cluster.faults.tooManyRequests(2, 7, { verb: 'list', resource: 'configmaps' });
    const answers = [await callApi(cluster, PATH), await callApi(cluster, PATH), await callApi(cluster, PATH)];
    expect(answers.map(({ code }) => code)).toEqual([429, 429, 200]);
    expect(answers[0]?.headers['retry-after']).toBe('7');
  });

  it('refuse a share of the requests', async () => {
    const draws = [0.1, 0.9, 0.2];
    const cluster = await start({ random: () => draws.shift() ?? 1 });
    cluster.faults.tooManyRequests({ ratio: 0.5 });
    expect([(await callApi(cluster, PATH)).code, (await callApi(cluster, PATH)).code, (await callApi(cluster, PATH)).code]).toEqual([429, 200, 429]);
  });

  it('answer 410 to who resumes, as a status or as an event, and to nobody else', async () => {
    const cluster = await start();
    const version = await versionOf(cluster);
    cluster.faults.gone({ as: 'status' });
    expect(await callApi(cluster, PATH)).toMatchObject({ code: 200 });
    expect(await callApi(cluster, `${PATH}?watch=true&resourceVersion=${version}`)).toMatchObject({ code: 410, body: { reason: 'Expired' } });
    cluster.faults.gone({ as: 'event' });
    const watch = await openWatch(cluster, `${PATH}?watch=true&resourceVersion=${version}`);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });

  it.each(['clean', 'halfLine', 'reset'] as const)('cut watches: %s', async (how) => {
    const cluster = await start();
    const watch = await openWatch(cluster, `${PATH}?watch=true&resourceVersion=${await versionOf(cluster)}`);
    cluster.faults.cutWatches(how);
    expect(await watch.next()).toBeUndefined();
  });

  it('stall watches, and let what happened flow afterwards', async () => {
    const cluster = await start();
    const watch = await openWatch(cluster, `${PATH}?watch=true&resourceVersion=${await versionOf(cluster)}`);
    cluster.faults.stallWatches();
    await put(cluster, 'held');
    const next = watch.next();
    expect(await Promise.race([next, callApi(cluster, '/healthz').then(() => 'nothing yet')])).toBe('nothing yet');
    cluster.faults.resume();
    expect(await next).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'held' } } });
    watch.close();
  });

  it('hold answers back, fail them, and cut the cluster off', async () => {
    const cluster = await start();
    cluster.faults.latency(60, { verb: 'list' });
    const began = performance.now();
    await callApi(cluster, PATH);
    expect(performance.now() - began).toBeGreaterThan(55);
    cluster.faults.clear();
    cluster.faults.fail(503);
    expect([(await callApi(cluster, PATH)).code, (await callApi(cluster, PATH)).code]).toEqual([503, 200]);
    cluster.faults.partition();
    await expect(callApi(cluster, PATH)).rejects.toThrow();
    cluster.faults.resume();
    expect(await callApi(cluster, PATH)).toMatchObject({ code: 200 });
  });
});

describe('a cluster', () => {
  it('comes back from a restart on its port with its objects, and forgets its watches', async () => {
    const cluster = await start();
    const before = await versionOf(cluster);
    await put(cluster, 'kept');
    const watch = await openWatch(cluster, `${PATH}?watch=true&resourceVersion=${before}`);
    await watch.next();
    await cluster.restart();
    expect(await watch.next()).toBeUndefined();
    expect(await callApi(cluster, `${PATH}/kept`)).toMatchObject({ code: 200 });
    const late = await openWatch(cluster, `${PATH}?watch=true&resourceVersion=${before}`);
    expect(await late.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });

  it('keeps objects, tokens and its identity in its data file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cluster-sim-'));
    try {
      const dataFile = join(folder, 'east.jsonl');
      const first = await start({ dataFile });
      await put(first, 'kept');
      const token = await first.createToken({ namespace: 'default', name: 'default' });
      const kubeSystem = await callApi(first, '/api/v1/namespaces/kube-system');
      await first.stop();
      const second = await start({ dataFile });
      expect(second.adminToken).toBe(first.adminToken);
      expect(await callApi(second, `${PATH}/kept`)).toMatchObject({ code: 200 });
      expect((await callApi(second, '/api/v1/namespaces/kube-system')).body).toMatchObject({ metadata: { uid: (kubeSystem.body as { metadata: { uid: string } }).metadata.uid } });
      expect(await callApi(second, '/api/v1/namespaces', { token })).toMatchObject({ code: 403 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('says which port it cannot have', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    await expect(start({ port })).rejects.toThrow(`The simulated cluster cannot listen on port ${port}`);
    holder.close();
  });

  it('gives addresses to load balancers as a cloud does, unless it is to have no cloud', async () => {
    const addresses = async (cluster: SimulatedCluster): Promise<unknown> => {
      const path = '/api/v1/namespaces/default/services';
      await callApi(cluster, path, { method: 'POST', body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'lb' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } } });
      await cluster.settle();
      return ((await callApi(cluster, `${path}/lb`)).body as { status: unknown }).status;
    };
    expect(await addresses(await start())).toEqual({ loadBalancer: { ingress: [{ ip: expect.stringMatching(/^\d+\./) as string, ipMode: 'VIP' }] } });
    expect(await addresses(await start({ cloud: false }))).toEqual({ loadBalancer: {} });
  });

  it('stands beside others of its process, each with its own objects', async () => {
    const clusters = await Promise.all(['east', 'west', 'north'].map((name) => start({ name })));
    await put(clusters[0] as SimulatedCluster, 'only-east');
    const codes = await Promise.all(clusters.map((cluster) => callApi(cluster, `${PATH}/only-east`).then(({ code }) => code)));
    expect(codes).toEqual([200, 404, 404]);
  });
});
