import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import type { InProcessCluster } from '../fixtures/in-process-cluster.ts';
import { createInProcessCluster, deployment } from '../fixtures/in-process-cluster.ts';
import { at, listAt, mapAt, numberAt, textAt, thaw } from '../kinds/field.ts';

let cluster: InProcessCluster;
beforeEach(async () => {
  cluster = createInProcessCluster();
  await cluster.settle();
  cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  await cluster.settle();
});
afterEach(() => {
  expect(cluster.controllers.stuck()).toEqual([]);
  cluster.stop();
});

const pods = (): readonly KubeObject[] => cluster.list('', 'pods', 'shop');
const phases = (): (string | undefined)[] => pods().map((pod) => textAt(pod, 'status', 'phase'));

describe('a new cluster', () => {
  it('holds the namespaces, the API service, the nodes and the roles that every cluster holds', () => {
    expect(cluster.list('', 'namespaces').map((namespace) => namespace.metadata.name)).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system', 'shop']);
    expect(cluster.get('', 'services', 'kubernetes', 'default')?.['spec']).toMatchObject({ clusterIP: '10.96.0.1', ports: [{ port: 443, targetPort: 6443 }] });
    expect(cluster.get('discovery.k8s.io', 'endpointslices', 'kubernetes', 'default')).toMatchObject({ endpoints: [{ addresses: ['192.0.2.10'] }] });
    expect(cluster.list('', 'nodes').map((node) => textAt(node, 'status', 'nodeInfo', 'kubeletVersion'))).toEqual(['v1.35.4', 'v1.35.4']);
    expect(cluster.get('rbac.authorization.k8s.io', 'clusterroles', 'cluster-admin')).toBeDefined();
  });

  it('fills aggregated roles from the roles that they select', async () => {
    const rules = (): unknown[] => [...listAt(cluster.get('rbac.authorization.k8s.io', 'clusterroles', 'view'), 'rules')];
    const before = rules().length;
    expect(before).toBeGreaterThan(5);
    cluster.create({
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole',
      metadata: { name: 'istio-view', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
      rules: [{ apiGroups: ['networking.istio.io'], resources: ['*'], verbs: ['get'] }],
    });
    await cluster.settle();
    expect(rules()).toHaveLength(before + 1);
  });

  it('gives every namespace a default service account and the root certificate, and gives them back', async () => {
    expect(cluster.get('', 'configmaps', 'kube-root-ca.crt', 'shop')?.['data']).toEqual({ 'ca.crt': 'PEM' });
    cluster.delete('', 'serviceaccounts', 'default', 'shop');
    cluster.delete('', 'configmaps', 'kube-root-ca.crt', 'shop');
    await cluster.settle();
    expect(cluster.get('', 'serviceaccounts', 'default', 'shop')).toBeDefined();
    expect(cluster.get('', 'configmaps', 'kube-root-ca.crt', 'shop')).toBeDefined();
  });
});

describe('deployments', () => {
  it('bring up pods that run on nodes, with addresses, and say so', async () => {
    cluster.create(deployment('web', 'shop', { replicas: 3 }));
    await cluster.settle();
    expect(phases()).toEqual(['Running', 'Running', 'Running']);
    expect(new Set(pods().map((pod) => textAt(pod, 'status', 'podIP'))).size).toBe(3);
    expect(new Set(pods().map((pod) => textAt(pod, 'spec', 'nodeName')))).toEqual(new Set(['node-1', 'node-2']));
    const found = cluster.get('apps', 'deployments', 'web', 'shop');
    expect(found?.['status']).toMatchObject({ replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3, observedGeneration: 1 });
    expect(listAt(found, 'status', 'conditions').map((condition) => [condition['type'], condition['status'], condition['reason']])).toEqual([
      ['Available', 'True', 'MinimumReplicasAvailable'],
      ['Progressing', 'True', 'NewReplicaSetAvailable'],
    ]);
  });

  it('scale up and down', async () => {
    const created = cluster.create(deployment('web', 'shop', { replicas: 1 }));
    await cluster.settle();
    cluster.update(withSpec(created, { replicas: 4 }));
    await cluster.settle();
    expect(pods()).toHaveLength(4);
    cluster.update(withSpec(cluster.get('apps', 'deployments', 'web', 'shop') ?? created, { replicas: 0 }));
    await cluster.settle();
    expect(pods()).toHaveLength(0);
    expect(cluster.get('apps', 'deployments', 'web', 'shop')?.['status']).not.toHaveProperty('readyReplicas');
  });

  it('roll to a new template by a new ReplicaSet, and back to the old one under a new revision', async () => {
    const created = cluster.create(deployment('web', 'shop', { replicas: 2, image: 'web:1' }));
    await cluster.settle();
    const setImage = async (image: string): Promise<void> => {
      const current = thaw(cluster.get('apps', 'deployments', 'web', 'shop') ?? created);
      const template = mapAt(current, 'spec', 'template');
      cluster.update(withSpec(current, { template: { ...template, spec: { ...mapAt(template, 'spec'), containers: [{ ...listAt(template, 'spec', 'containers')[0], image }] } } }));
      await cluster.settle();
    };
    await setImage('web:2');
    expect(pods().map((pod) => textAt(pod, 'spec', 'containers', 0, 'image'))).toEqual(['web:2', 'web:2']);
    expect(cluster.list('apps', 'replicasets', 'shop').map((set) => numberAt(set, 'spec', 'replicas')).toSorted()).toEqual([0, 2]);
    expect(cluster.get('apps', 'deployments', 'web', 'shop')?.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
    await setImage('web:1');
    expect(cluster.list('apps', 'replicasets', 'shop')).toHaveLength(2);
    expect(cluster.get('apps', 'deployments', 'web', 'shop')?.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
    expect(cluster.get('apps', 'deployments', 'web', 'shop')?.['status']).toMatchObject({ observedGeneration: 3, updatedReplicas: 2, replicas: 2 });
  });

  it('replace a pod that somebody deleted', async () => {
    cluster.create(deployment('web', 'shop', { replicas: 2 }));
    await cluster.settle();
    const [first] = pods();
    cluster.delete('', 'pods', first?.metadata.name ?? '', 'shop');
    await cluster.settle();
    expect(phases()).toEqual(['Running', 'Running']);
    expect(pods().map((pod) => pod.metadata.uid)).not.toContain(first?.metadata.uid);
  });

  it('wait for a service account that does not exist yet', async () => {
    cluster.create(deployment('web', 'shop', { replicas: 1, serviceAccount: 'late' }));
    await cluster.settle();
    expect(pods()).toEqual([]);
    expect(cluster.controllers.stuck()).toMatchObject([{ controller: 'replicaset' }]);
    cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'late', namespace: 'shop' } });
    await cluster.settle();
    expect(phases()).toEqual(['Running']);
  });
});

describe('other workloads', () => {
  const template = { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'db', image: 'db:1' }] } };

  it('gives the pods of a StatefulSet stable names, and drops the highest first', async () => {
    const created = cluster.create({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db', namespace: 'shop' }, spec: { serviceName: 'db', replicas: 3, selector: { matchLabels: { app: 'db' } }, template } });
    await cluster.settle();
    expect(pods().map((pod) => pod.metadata.name).toSorted()).toEqual(['db-0', 'db-1', 'db-2']);
    cluster.update(withSpec(created, { replicas: 1 }));
    await cluster.settle();
    expect(pods().map((pod) => pod.metadata.name)).toEqual(['db-0']);
    expect(cluster.get('apps', 'statefulsets', 'db', 'shop')?.['status']).toMatchObject({ replicas: 1, readyReplicas: 1, updatedReplicas: 1 });
  });

  it('runs a DaemonSet once on every node, and on a node that joins', async () => {
    cluster.create({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'db', namespace: 'shop' }, spec: { selector: { matchLabels: { app: 'db' } }, template } });
    await cluster.settle();
    expect(pods().map((pod) => textAt(pod, 'spec', 'nodeName')).toSorted()).toEqual(['node-1', 'node-2']);
    cluster.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-3' } });
    await cluster.settle();
    expect(cluster.get('apps', 'daemonsets', 'db', 'shop')?.['status']).toMatchObject({ desiredNumberScheduled: 3, numberReady: 3 });
  });

  it('completes a Job', async () => {
    cluster.create({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once', namespace: 'shop' }, spec: { completions: 2, parallelism: 1, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: 'x:1' }] } } } });
    await cluster.settle();
    const job = cluster.get('batch', 'jobs', 'once', 'shop');
    expect(job?.['status']).toMatchObject({ succeeded: 2 });
    expect(listAt(job, 'status', 'conditions').map((condition) => condition['type'])).toContain('Complete');
    expect(phases()).toEqual(['Succeeded', 'Succeeded']);
  });

  it('leaves a pod pending that no node may run, and runs it once one may', async () => {
    cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'picky', namespace: 'shop' }, spec: { nodeSelector: { disk: 'ssd' }, containers: [{ name: 'x', image: 'x:1' }] } });
    await cluster.settle();
    expect(phases()).toEqual(['Pending']);
    expect(listAt(pods()[0], 'status', 'conditions')[0]).toMatchObject({ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' });
    cluster.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'fast', labels: { disk: 'ssd' } } });
    await cluster.settle();
    expect(phases()).toEqual(['Running']);
  });
});

describe('services', () => {
  const service = (fields: Record<string, unknown> = {}): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop', labels: { team: 'a' } }, spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...fields } });
  const slices = (): readonly KubeObject[] => cluster.list('discovery.k8s.io', 'endpointslices', 'shop');

  it('have EndpointSlices that follow their pods, with zones and named ports resolved', async () => {
    cluster.create(service());
    cluster.create(deployment('web', 'shop', { replicas: 2 }));
    await cluster.settle();
    expect(slices()).toHaveLength(1);
    expect(slices()[0]).toMatchObject({ ports: [{ name: 'http', port: 8080, protocol: 'TCP' }], metadata: { labels: { 'kubernetes.io/service-name': 'web', team: 'a' } } });
    expect(listAt(slices()[0], 'endpoints').map((endpoint) => [endpoint['zone'], at(endpoint, 'conditions', 'ready')])).toEqual(expect.arrayContaining([['a', true], ['b', true]]));
    expect(listAt(cluster.get('', 'endpoints', 'web', 'shop'), 'subsets', 0, 'addresses')).toHaveLength(2);
    cluster.delete('apps', 'deployments', 'web', 'shop', 'Foreground');
    await cluster.settle();
    expect(listAt(slices()[0], 'endpoints')).toEqual([]);
  });

  it('cut the endpoints of many pods into slices of a hundred', async () => {
    cluster.create(service());
    cluster.create(deployment('web', 'shop', { replicas: 230 }));
    await cluster.settle();
    expect(slices().map((slice) => listAt(slice, 'endpoints').length).toSorted((a, b) => b - a)).toEqual([100, 100, 30]);
  });

  it('of type LoadBalancer get an address, and lose it with the type', async () => {
    const created = cluster.create(service({ type: 'LoadBalancer' }));
    await cluster.settle();
    const current = cluster.get('', 'services', 'web', 'shop');
    expect(textAt(current, 'status', 'loadBalancer', 'ingress', 0, 'ip')).toMatch(/^198\.1[89]\./);
    cluster.update(withSpec(current ?? created, { type: 'ClusterIP', allocateLoadBalancerNodePorts: undefined, externalTrafficPolicy: undefined }));
    await cluster.settle();
    expect(cluster.get('', 'services', 'web', 'shop')?.['status']).toEqual({ loadBalancer: {} });
  });

  it('take their endpoints with them', async () => {
    cluster.create(service());
    await cluster.settle();
    cluster.delete('', 'services', 'web', 'shop');
    await cluster.settle();
    expect(slices()).toEqual([]);
    expect(cluster.get('', 'endpoints', 'web', 'shop')).toBeUndefined();
  });
});

describe('garbage collection', () => {
  const owned = (name: string, owner: KubeObject, block = true): KubeObject => ({
    apiVersion: 'v1', kind: 'ConfigMap',
    metadata: { name, namespace: 'shop', ownerReferences: [{ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name ?? '', uid: owner.metadata.uid ?? '', blockOwnerDeletion: block }] },
  });
  const configMap = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' } });
  const names = (): (string | undefined)[] => cluster.list('', 'configmaps', 'shop').map((object) => object.metadata.name).filter((name) => name !== 'kube-root-ca.crt');

  it('deletes dependents after their owner, to any depth', async () => {
    const root = cluster.create(configMap('root'));
    cluster.create(owned('leaf', cluster.create(owned('branch', root))));
    cluster.delete('', 'configmaps', 'root', 'shop');
    await cluster.settle();
    expect(names()).toEqual([]);
  });

  it('deletes dependents before their owner in the foreground', async () => {
    const root = cluster.create(configMap('root'));
    const held = owned('held', root);
    cluster.create({ ...held, metadata: { ...held.metadata, finalizers: ['example.com/hold'] } });
    cluster.delete('', 'configmaps', 'root', 'shop', 'Foreground');
    await cluster.settle();
    expect(names()).toEqual(['held', 'root']);
    const waiting = thaw(cluster.get('', 'configmaps', 'held', 'shop') ?? held);
    delete waiting.metadata.finalizers;
    cluster.update(waiting);
    await cluster.settle();
    expect(names()).toEqual([]);
  });

  it('leaves orphans when told to, without their reference', async () => {
    const root = cluster.create(configMap('root'));
    cluster.create(owned('child', root));
    cluster.delete('', 'configmaps', 'root', 'shop', 'Orphan');
    await cluster.settle();
    expect(names()).toEqual(['child']);
    expect(cluster.get('', 'configmaps', 'child', 'shop')?.metadata.ownerReferences).toBeUndefined();
  });

  it('deletes what names an owner that does not exist, or one of the same name and another uid', async () => {
    const other = cluster.create(configMap('other'));
    cluster.create(owned('dangling', { ...other, metadata: { name: 'gone', uid: 'no-such-uid' } }));
    cluster.create(owned('stale', { ...other, metadata: { name: 'other', uid: 'an-older-uid' } }));
    await cluster.settle();
    expect(names()).toEqual(['other']);
  });

  it('keeps what still has one living owner, and drops the dead reference', async () => {
    const [one, two] = [cluster.create(configMap('one')), cluster.create(configMap('two'))];
    const both = owned('both', one);
    both.metadata.ownerReferences?.push(...(owned('x', two).metadata.ownerReferences ?? []));
    cluster.create(both);
    cluster.delete('', 'configmaps', 'one', 'shop');
    await cluster.settle();
    expect(cluster.get('', 'configmaps', 'both', 'shop')?.metadata.ownerReferences?.map((reference) => reference.name)).toEqual(['two']);
  });
});

describe('a namespace that is deleted', () => {
  it('goes with everything in it', async () => {
    cluster.create(deployment('web', 'shop', { replicas: 2 }));
    await cluster.settle();
    cluster.delete('', 'namespaces', 'shop');
    await cluster.settle();
    expect(cluster.get('', 'namespaces', 'shop')).toBeUndefined();
    expect(cluster.list('', 'pods', 'shop')).toEqual([]);
    expect(cluster.list('', 'configmaps', 'shop')).toEqual([]);
  });

  it('waits for finalizers, and says for which', async () => {
    const held = cluster.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', namespace: 'shop', finalizers: ['example.com/hold'] } });
    cluster.delete('', 'namespaces', 'shop');
    await cluster.settle();
    const dying = cluster.get('', 'namespaces', 'shop');
    expect(textAt(dying, 'status', 'phase')).toBe('Terminating');
    expect(listAt(dying, 'status', 'conditions').filter((condition) => condition['status'] === 'True').map((condition) => condition['message'])).toEqual([
      'Some resources are remaining: configmaps. has 1 resource instances',
      'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    ]);
    const released = thaw(cluster.get('', 'configmaps', 'held', 'shop') ?? held);
    delete released.metadata.finalizers;
    cluster.update(released);
    await cluster.settle();
    expect(cluster.get('', 'namespaces', 'shop')).toBeUndefined();
  });
});

function withSpec(object: KubeObject, fields: Record<string, unknown>): KubeObject {
  const next = thaw(object);
  delete next.metadata.resourceVersion;
  const spec: Record<string, unknown> = { ...mapAt(next, 'spec'), ...fields };
  for (const [key, value] of Object.entries(fields)) if (value === undefined) delete spec[key];
  return { ...next, spec };
}
