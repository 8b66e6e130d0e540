import { startSimulatedCluster, type Cluster } from '@meshfleet/cluster-sim';
import type { KubeObject } from '@meshfleet/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKubeClient, type KubeClient } from './client.ts';
import { createDiscovery } from './discovery.ts';
import { apiVersionOf, RESOURCES, resourcePath, type Resource } from './resource.ts';
import { createTransport } from './transport.ts';

const CONFIG_MAPS: Resource = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const WIDGET: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.test' },
  spec: {
    group: 'example.test',
    scope: 'Cluster',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
    versions: ['v1beta1', 'v1'].map((name) => ({ name, served: true, storage: name === 'v1', schema: { openAPIV3Schema: { type: 'object' } } })),
  },
};

let cluster: Cluster;
let client: KubeClient;
let asked: boolean[];
beforeAll(async () => {
  cluster = await startSimulatedCluster({ name: 'client', crds: [WIDGET] });
  client = clientOf((renew) => {
    asked.push(renew);
    return cluster.adminToken;
  });
  asked = [];
});
afterAll(async () => {
  client.close();
  await cluster.stop();
});

function clientOf(token: (renew: boolean) => string): KubeClient {
  return createKubeClient(createTransport({ server: cluster.url, caPem: cluster.caPem, credentials: (renew = false) => Promise.resolve({ authorization: `Bearer ${token(renew)}` }) }));
}

const configMap = (name: string, data: Record<string, string>, namespace = 'default'): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
const apply = (object: KubeObject, fieldManager: string, options = {}) => client.apply(CONFIG_MAPS, object, { fieldManager, ...options });

describe('the client', () => {
  it('lists page by page, by labels and fields, and whole objects or their metadata alone', async () => {
    for (const index of [1, 2, 3]) await client.create(CONFIG_MAPS, { ...configMap(`page-${index}`, { k: 'v' }), metadata: { name: `page-${index}`, namespace: 'default', labels: { of: 'pages' } } });
    const first = await client.list(CONFIG_MAPS, { namespace: 'default', labelSelector: 'of=pages', limit: 2 });
    // How many are left is told only where nothing is selected.
    expect([first.items.length, first.remaining, first.next === undefined]).toEqual([2, undefined, false]);
    expect((await client.list(CONFIG_MAPS, { namespace: 'default', limit: 1 })).remaining).toBeGreaterThanOrEqual(2);
    const second = await client.list(CONFIG_MAPS, { namespace: 'default', labelSelector: 'of=pages', limit: 2, next: first.next });
    expect([second.items.map(({ metadata }) => metadata.name), second.next]).toEqual([['page-3'], undefined]);
    const [only] = (await client.list(CONFIG_MAPS, { fieldSelector: 'metadata.name=page-2', metadataOnly: true })).items;
    expect(only).toMatchObject({ metadata: { name: 'page-2' } });
    expect(only).not.toHaveProperty('data');
  });

  it('applies under its name, tries without an effect, and forces only when told to', async () => {
    await apply(configMap('owned', { k: 'theirs' }), 'kubectl');
    await expect(apply(configMap('owned', { k: 'ours' }), 'meshfleet')).rejects.toMatchObject({ status: 409, reason: 'Conflict' });
    expect(await apply(configMap('owned', { k: 'ours' }), 'meshfleet', { force: true, dryRun: true })).toMatchObject({ data: { k: 'ours' } });
    expect(await client.get(CONFIG_MAPS, 'default', 'owned')).toMatchObject({ data: { k: 'theirs' } });
    expect(await apply(configMap('owned', { k: 'ours' }), 'meshfleet', { force: true })).toMatchObject({ data: { k: 'ours' } });
  });

  it('deletes only what it knows: another uid or a changed object stays', async () => {
    const { metadata } = await client.create(CONFIG_MAPS, configMap('kept', {}));
    const [uid, resourceVersion] = [metadata.uid ?? '', metadata.resourceVersion ?? ''];
    await expect(client.delete(CONFIG_MAPS, 'default', 'kept', { uid: '00000000-0000-4000-8000-000000000000' })).rejects.toMatchObject({ status: 409 });
    await apply(configMap('kept', { changed: 'yes' }), 'kubectl');
    await expect(client.delete(CONFIG_MAPS, 'default', 'kept', { uid, resourceVersion })).rejects.toMatchObject({ status: 409 });
    await client.delete(CONFIG_MAPS, 'default', 'kept', { uid }, { dryRun: true });
    expect(await client.get(CONFIG_MAPS, 'default', 'kept')).toMatchObject({ data: { changed: 'yes' } });
    await client.delete(CONFIG_MAPS, 'default', 'kept', { uid });
    await expect(client.get(CONFIG_MAPS, 'default', 'kept')).rejects.toMatchObject({ status: 404, reason: 'NotFound' });
  });

  it('updates the version that it has read and no other', async () => {
    const read = await client.create(CONFIG_MAPS, configMap('versioned', { n: '1' }));
    await client.update(CONFIG_MAPS, { ...read, data: { n: '2' } });
    await expect(client.update(CONFIG_MAPS, { ...read, data: { n: '3' } })).rejects.toMatchObject({ status: 409, reason: 'Conflict' });
  });

  it('watches from where a list ended', async () => {
    const { resourceVersion } = await client.list(CONFIG_MAPS, { namespace: 'default' });
    const answer = await client.watch(CONFIG_MAPS, { namespace: 'default', resourceVersion, timeoutSeconds: 60 });
    await client.create(CONFIG_MAPS, configMap('watched', {}));
    const [chunk] = (await answer.take(1).toArray()) as Buffer[]; // no encoding is set
    expect(JSON.parse(chunk?.toString().split('\n')[0] ?? '')).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'watched' } } });
    answer.destroy();
  });

  it('asks for fresh credentials once when those that it has are refused, and no more often', async () => {
    const renewals: boolean[] = [];
    const renewing = clientOf((renew) => {
      renewals.push(renew);
      return renew ? cluster.adminToken : 'expired';
    });
    expect(await renewing.version()).toMatch(/^v1\./);
    expect(renewals).toEqual([false, true]);
    renewing.close();
    const hopeless = clientOf(() => 'expired');
    await expect(hopeless.version()).rejects.toMatchObject({ code: 'KUBERNETES_REFUSED', status: 401 });
    hopeless.close();
  });

  it('says that nobody answers where nobody does, and that a stranger is no API server', async () => {
    const nobody = createKubeClient(createTransport({ server: 'https://127.0.0.1:1', credentials: () => Promise.resolve({}) }));
    await expect(nobody.version()).rejects.toMatchObject({ code: 'KUBERNETES_UNREACHABLE', status: 0, reason: 'Unreachable' });
    nobody.close();
    const untrusting = createKubeClient(createTransport({ server: cluster.url, credentials: () => Promise.resolve({ authorization: `Bearer ${cluster.adminToken}` }) }));
    await expect(untrusting.version()).rejects.toMatchObject({ code: 'KUBERNETES_UNREACHABLE', status: 0 });
    untrusting.close();
  });

  it('stops waiting when it is told to', async () => {
    await expect(client.list(CONFIG_MAPS, { signal: AbortSignal.abort() })).rejects.toMatchObject({ status: 0 });
  });
});

describe('discovery', () => {
  it('knows nothing before it has asked, then every served kind, custom ones in the version that the server prefers', async () => {
    const discovery = createDiscovery(client);
    expect(discovery.all()).toEqual([]);
    await discovery.refresh();
    expect(discovery.preferred('example.test', 'Widget')).toEqual({ group: 'example.test', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: false });
    expect(discovery.find('example.test', 'v1beta1', 'Widget')?.version).toBe('v1beta1');
    expect(discovery.find('example.test', 'v2', 'Widget')).toBeUndefined();
    expect(discovery.preferred('', 'ConfigMap')).toEqual(CONFIG_MAPS);
    expect(discovery.preferred('apps', 'Deployment')).toEqual(RESOURCES.deployments);
  });

  it('reads the plain lists of older servers too, passes over subresources, and lets one broken group hide no other', async () => {
    const plain: Record<string, unknown> = {
      '/api': { kind: 'APIVersions', versions: ['v1'] },
      '/api/v1': { resources: [{ name: 'pods', kind: 'Pod', namespaced: true }, { name: 'pods/log', kind: 'Pod', namespaced: true }] },
      '/apis': { kind: 'APIGroupList', groups: [{ name: 'broken.test', versions: [{ groupVersion: 'broken.test/v1', version: 'v1' }] }, { name: 'example.test', versions: [{ groupVersion: 'example.test/v1', version: 'v1' }] }] },
      '/apis/example.test/v1': { resources: [{ name: 'widgets', kind: 'Widget', namespaced: false }] },
    };
    const discovery = createDiscovery({ ...client, raw: (path) => (path in plain ? Promise.resolve(plain[path]) : Promise.reject(new TypeError('503'))) });
    await discovery.refresh();
    expect(discovery.all().map(({ group, plural }) => `${group}/${plural}`)).toEqual(['/pods', 'example.test/widgets']);
  });

  it('keeps what it knew when it cannot ask', async () => {
    let down = false;
    const discovery = createDiscovery({ ...client, raw: (path, accept) => (down ? Promise.reject(new TypeError('down')) : client.raw(path, accept)) });
    await discovery.refresh();
    const known = discovery.all().length;
    down = true;
    await expect(discovery.refresh()).rejects.toThrow('down');
    expect(discovery.all()).toHaveLength(known);
  });
});

it('finds objects where the API has them', () => {
  expect(resourcePath(CONFIG_MAPS, 'shop', 'a b')).toBe('/api/v1/namespaces/shop/configmaps/a%20b');
  expect(resourcePath(RESOURCES.nodes, 'shop', 'n')).toBe('/api/v1/nodes/n');
  expect(resourcePath(RESOURCES.deployments)).toBe('/apis/apps/v1/deployments');
  expect([apiVersionOf(CONFIG_MAPS), apiVersionOf(RESOURCES.deployments)]).toEqual(['v1', 'apps/v1']);
});
