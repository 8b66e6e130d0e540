import { describe, expect, it } from 'vitest';
import { eventually, MERGE } from './client.ts';
import { configMap, configMaps, deployment, deployments, services } from './objects.ts';
import { withCluster } from './with-cluster.ts';

const bed = withCluster();
const pods = (ns: string): string => `/api/v1/namespaces/${ns}/pods`;

async function ownedPair(ns: string): Promise<void> {
  const { body: owner } = await bed.client.post(configMaps(ns), configMap('owner'));
  await bed.client.post(configMaps(ns), {
    ...configMap('child'),
    metadata: { name: 'child', ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid, blockOwnerDeletion: true }] },
  });
}
const statusOf = async (ns: string, name: string): Promise<number> => (await bed.client.get(`${configMaps(ns)}/${name}`)).status;

describe('owners', () => {
  it('take their dependents with them in the background', async () => {
    const ns = await bed.client.namespace();
    await ownedPair(ns);
    await bed.client.delete(`${configMaps(ns)}/owner`, { propagationPolicy: 'Background' });
    expect(await statusOf(ns, 'owner')).toBe(404);
    await eventually(async () => (await statusOf(ns, 'child')) === 404);
  });
  it('wait for their dependents in the foreground', async () => {
    const ns = await bed.client.namespace();
    await ownedPair(ns);
    await bed.client.patch(`${configMaps(ns)}/child`, MERGE, { metadata: { finalizers: ['example.test/hold'] } });
    const { body } = await bed.client.delete(`${configMaps(ns)}/owner`, { propagationPolicy: 'Foreground' });
    expect(body.metadata.finalizers).toEqual(['foregroundDeletion']);
    await eventually(async () => (await bed.client.get(`${configMaps(ns)}/child`)).body.metadata.deletionTimestamp !== undefined);
    expect(await statusOf(ns, 'owner')).toBe(200);
    await bed.client.patch(`${configMaps(ns)}/child`, MERGE, { metadata: { finalizers: null } });
    await eventually(async () => (await statusOf(ns, 'owner')) === 404);
  });
  it('leave their dependents as orphans when told so', async () => {
    const ns = await bed.client.namespace();
    await ownedPair(ns);
    await bed.client.delete(`${configMaps(ns)}/owner`, { propagationPolicy: 'Orphan' });
    await eventually(async () => (await statusOf(ns, 'owner')) === 404);
    expect((await bed.client.get(`${configMaps(ns)}/child`)).body.metadata.ownerReferences).toBeUndefined();
  });
  it('that never were let their dependents be collected', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), { ...configMap('child'), metadata: { name: 'child', ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'ghost', uid: '11111111-1111-1111-1111-111111111111' }] } });
    await eventually(async () => (await statusOf(ns, 'child')) === 404);
  });
});

describe('a namespace', () => {
  it('starts Active with its service account and root certificate', async () => {
    const ns = await bed.client.namespace();
    const { body } = await bed.client.get(`/api/v1/namespaces/${ns}`);
    expect(body.status.phase).toBe('Active');
    expect(body.spec.finalizers).toEqual(['kubernetes']);
    expect(body.metadata.labels['kubernetes.io/metadata.name']).toBe(ns);
    await eventually(async () => (await bed.client.get(`/api/v1/namespaces/${ns}/serviceaccounts/default`)).status === 200);
    await eventually(async () => (await bed.client.get(`${configMaps(ns)}/kube-root-ca.crt`)).status === 200);
  });
  it('goes with all that it holds', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), configMap('a'));
    const { body } = await bed.client.delete(`/api/v1/namespaces/${ns}`);
    expect(body.status.phase).toBe('Terminating');
    await eventually(async () => (await bed.client.get(`/api/v1/namespaces/${ns}`)).status === 404);
  });
  it('terminates until the last finalizer is gone, takes nothing new, and says what it waits for', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(configMaps(ns), { ...configMap('held'), metadata: { name: 'held', finalizers: ['example.test/hold'] } });
    await bed.client.delete(`/api/v1/namespaces/${ns}`);
    const refused = await bed.client.post(configMaps(ns), configMap('late'));
    expect(refused.status).toBe(403);
    expect(refused.body.message).toContain(`configmaps "late" is forbidden: unable to create new content in namespace ${ns} because it is being terminated`);
    expect(refused.body.details.causes[0].reason).toBe('NamespaceTerminating');
    await eventually(async () => {
      const conditions: { type: string; status: string }[] = (await bed.client.get(`/api/v1/namespaces/${ns}`)).body.status.conditions ?? [];
      return conditions.some(({ type, status }) => type === 'NamespaceFinalizersRemaining' && status === 'True');
    });
    await bed.client.patch(`${configMaps(ns)}/held`, MERGE, { metadata: { finalizers: null } });
    await eventually(async () => (await bed.client.get(`/api/v1/namespaces/${ns}`)).status === 404);
  });
});

describe('workloads', () => {
  it('become ready on fake nodes, with addresses, and show up as endpoints of their service', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(services(ns), { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] } });
    await bed.client.post(deployments(ns), deployment('web', 2));
    await eventually(async () => (await bed.client.get(`${deployments(ns)}/web`)).body.status.readyReplicas === 2);
    const { body } = await bed.client.get(`${pods(ns)}?labelSelector=app%3Dweb`);
    for (const pod of body.items) {
      expect(pod.status).toMatchObject({ phase: 'Running', podIP: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/) });
      expect(pod.spec.nodeName).toBeDefined();
      expect(pod.metadata.ownerReferences[0]).toMatchObject({ kind: 'ReplicaSet', controller: true });
    }
    await eventually(async () => {
      const slices = (await bed.client.get(`/apis/discovery.k8s.io/v1/namespaces/${ns}/endpointslices?labelSelector=kubernetes.io/service-name%3Dweb`)).body.items;
      return slices.length === 1 && slices[0].endpoints?.length === 2;
    });
  });
  it('follow a scale to none, and go with their deployment', async () => {
    const ns = await bed.client.namespace();
    await bed.client.post(deployments(ns), deployment('web', 2));
    await eventually(async () => (await bed.client.get(pods(ns))).body.items.length === 2);
    await bed.client.patch(`${deployments(ns)}/web/scale`, MERGE, { spec: { replicas: 1 } });
    await eventually(async () => (await bed.client.get(pods(ns))).body.items.length === 1);
    await bed.client.delete(`${deployments(ns)}/web`);
    await eventually(async () => (await bed.client.get(pods(ns))).body.items.length === 0);
  });
});

it('keeps everything through a restart of the API server', async () => {
  const ns = await bed.client.namespace();
  const { body: made } = await bed.client.post(configMaps(ns), configMap('a', { k: 'v' }));
  await bed.cluster.restart();
  const { body } = await bed.client.get(`${configMaps(ns)}/a`);
  expect(body).toEqual(made);
});
