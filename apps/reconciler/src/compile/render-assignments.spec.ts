import { contentHash } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import type { Patch } from '@meshfleet/planner';
import type { ServedKind } from '@meshfleet/protocol';
import { insertKindSchema, loadContents, testFleet, withTestStore } from '@meshfleet/store';
import type { TestFleet, TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyClusterChanges } from '../events/apply-cluster-changes.ts';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';

let test: TestStore;
let fleet: TestFleet;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  fleet = testFleet(test, await test.createOrganization());
});

const entry = (host: string, name = 'books', more: object = {}): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name, namespace: 'shop' },
  spec: { hosts: [host], ports: [{ number: 443, name: 'https', protocol: 'HTTPS' }], resolution: 'DNS', ...more },
});
const KEY = 'ServiceEntry.networking.istio.io/shop/books';
const changed = (...policyIds: string[]) =>
  applyPolicyChanges(test.store, { organizationId: fleet.organizationId, changes: policyIds.map((policyId) => ({ policyId, actor: 'user:test|grace' })) });
const relabelled = async (clusterId: string, labels: Record<string, string>) => {
  await fleet.changeCluster(clusterId, 'LABELS', { labels });
  return applyClusterChanges(test.store, { organizationId: fleet.organizationId, changes: [{ clusterId, reason: 'LABELS', actor: 'user:test|grace' }] });
};
/** The objects that a cluster should hold, in full. */
async function held(clusterId: string): Promise<Record<string, unknown>> {
  const { state } = await fleet.desiredOf(clusterId);
  const contents = await test.store.transaction(fleet.organizationId, (tx) => loadContents(tx, state.entries.map(({ hash }) => hash)));
  return Object.fromEntries(state.entries.map(({ key, hash }) => [key, contents.get(hash)?.['spec']]));
}
const conditions = async () =>
  (await test.admin.query<{ cluster: string; object_key: string; status: string; reason: string; message: string }>(
    `select c.name as cluster, object_key, status, reason, message from object_condition o join cluster c on c.id = o.cluster_id where o.organization_id = $1 order by 1, 2`, [fleet.organizationId])).rows;
const statuses = async () => Object.fromEntries((await fleet.policyClusters()).map(({ clusterId, status }) => [clusterId, status]));

describe('a version that differs from cluster to cluster', () => {
  it('gives each cluster its own objects, as its API server takes them', async () => {
    const [eu = '', us = ''] = await fleet.addClusters([{ name: 'eu-1', region: 'eu', labels: { env: 'prod' } }, { name: 'us-1', region: 'us', labels: { env: 'dev' } }]);
    const patches: Patch[] = [{ clusterSelector: 'env=dev', target: { group: null, kind: 'ServiceEntry', namespace: null, name: null }, type: 'JSON', patch: '', value: [{ op: 'add', path: '/spec/location', value: 'MESH_EXTERNAL' }] }];
    const policy = await fleet.applyPolicy({ name: 'p', clusterSelector: '', template: { objects: [{ ...entry('${cluster.region}.example.com'), status: {} }], patches } });
    expect(await changed(policy)).toEqual({ compiled: 2, revised: 2 });
    expect(await held(eu)).toEqual({ [KEY]: { hosts: ['eu.example.com'], ports: [{ number: 443, name: 'https', protocol: 'HTTPS' }], resolution: 'DNS' } });
    expect(await held(us)).toMatchObject({ [KEY]: { hosts: ['us.example.com'], location: 'MESH_EXTERNAL' } });
    expect(await changed(policy)).toEqual({ compiled: 0, revised: 0 });
  });

  it('follows the labels and places that it refers to, and no others', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a', labels: { team: 'books' } }]);
    const policy = await fleet.applyPolicy({ name: 'p', clusterSelector: '', template: { objects: [entry('${cluster.labels.team}.example.com', 'e-${cluster.name}')] } });
    await changed(policy);
    expect(Object.keys(await held(a))).toEqual(['ServiceEntry.networking.istio.io/shop/e-a']);
    expect(await relabelled(a, { team: 'books', note: 'new' })).toEqual({ compiled: 0, revised: 0 });
    expect(await relabelled(a, { team: 'music', note: 'new' })).toEqual({ compiled: 1, revised: 1 });
    expect(await held(a)).toMatchObject({ 'ServiceEntry.networking.istio.io/shop/e-a': { hosts: ['music.example.com'] } });
    expect(await relabelled(a, { team: 'music' })).toEqual({ compiled: 0, revised: 0 });
  });

  it('is rendered once for clusters that are alike, in however many compilations', async () => {
    const ids = await fleet.addClusters(Array.from({ length: 10 }, (_, index) => ({ name: `c${index}`, region: index < 5 ? 'eu' : 'us' })));
    const policy = await fleet.applyPolicy({ name: 'p', clusterNames: ['c0', 'c1', 'c5'], template: { objects: [entry('${cluster.region}.example.com')] } });
    await changed(policy);
    const rendered = async (): Promise<number> => (await test.admin.query(`select 1 from policy_rendering where policy_id = $1`, [policy])).rows.length;
    expect(await rendered()).toBe(2);
    // Another policy touches them all: what was rendered before is found.
    await changed(await fleet.applyPolicy({ name: 'q', clusterSelector: '', objects: { 'ConfigMap/x/y': 'h' } }));
    expect(await rendered()).toBe(2);
    expect(Object.keys(await held(ids[0] ?? ''))).toContain(KEY);
  });
});

describe('a version that was rendered before a schema of the cluster had come', () => {
  const facts = (clusterId: string, digest: string) => test.admin.query(`update cluster set facts = jsonb_build_object('kindSchemas', jsonb_build_object('ServiceEntry.networking.istio.io', $2::text)) where id = $1`, [clusterId, digest]);
  const woken = async () => (await test.admin.query<{ id: string }>(`select payload->>'clusterId' as id from outbox where organization_id = $1 and topic = 'cluster.changed' and payload->>'actor' like 'agent:%' order by 1`, [fleet.organizationId])).rows.map(({ id }) => id);
  const served = (resolution: string): ServedKind => ({
    group: 'networking.istio.io',
    kind: 'ServiceEntry',
    plural: 'serviceentries',
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, deprecated: false, schema: { type: 'object', properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { resolution: { type: 'string', enum: [resolution] } } } } } }],
  });
  const insert = (kind: ServedKind) => test.store.transaction(fleet.organizationId, (tx) => insertKindSchema(tx, contentHash(kind), kind));
  const look = (clusterId: string) => applyClusterChanges(test.store, { organizationId: fleet.organizationId, changes: [{ clusterId, reason: 'LABELS', actor: 'agent:a' }] });

  it('is held to it when it comes, in those clusters alone that serve it and hold such a version', async () => {
    const [a = '', b = '', c = ''] = await fleet.addClusters([{ name: 'a' }, { name: 'b' }, { name: 'c', labels: { none: 'yes' } }]);
    const strict = served('NONE');
    for (const id of [a, c]) await facts(id, contentHash(strict));
    await facts(b, contentHash(served('DNS')));
    const policy = await fleet.applyPolicy({ name: 'p', clusterSelector: '!none', template: { objects: [entry('${cluster.name}.example.com')] } });
    expect(await changed(policy)).toEqual({ compiled: 2, revised: 2 });
    expect(await conditions()).toEqual([]);
    // Nothing is new: nothing is done again.
    expect(await look(a)).toMatchObject({ compiled: 0 });

    expect(await insert(strict)).toBe('KEPT');
    expect(await woken()).toEqual([a]);
    expect(await look(a)).toMatchObject({ compiled: 1 });
    expect(await conditions()).toMatchObject([{ cluster: 'a', object_key: KEY, reason: 'RenderFailed', message: expect.stringContaining('NONE') as string }]);
    expect(await look(b)).toMatchObject({ compiled: 0 });

    // What a schema takes is rendered anew with it, and is the same.
    expect(await insert(served('DNS'))).toBe('KEPT');
    expect(await woken()).toEqual([a, b].sort());
    expect(await look(b)).toEqual({ compiled: 1, revised: 0 });
    expect(await look(b)).toMatchObject({ compiled: 0 });
  });

  it('wakes nobody where versions are the same everywhere, and once for each schema', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const kind = served('DNS');
    await facts(a, contentHash(kind));
    await changed(await fleet.applyPolicy({ name: 'p', clusterSelector: '', objects: { [KEY]: 'h' } }));
    await insert(kind);
    await insert(kind);
    expect(await woken()).toEqual([]);
  });
});

describe('a version that cannot be rendered in one cluster', () => {
  it('leaves it what it held, says why, and goes on in the others; and lands when the reason is gone', async () => {
    const [a = '', b = ''] = await fleet.addClusters([{ name: 'a', labels: { team: 'books' } }, { name: 'b' }]);
    const policy = await fleet.applyPolicy({ name: 'p', clusterSelector: '', template: { objects: [entry('${cluster.name}.example.com')] } });
    await changed(policy);
    await fleet.acknowledge(a);
    await fleet.acknowledge(b);
    await fleet.applyPolicy({ name: 'p', clusterSelector: '', template: { objects: [entry('${cluster.labels.team}.example.com'), entry('x.example.com', 'music')] } });
    expect(await changed(policy)).toEqual({ compiled: 2, revised: 1 });
    expect(Object.keys(await held(a)).sort()).toEqual([KEY, 'ServiceEntry.networking.istio.io/shop/music']);
    expect(await held(b)).toMatchObject({ [KEY]: { hosts: ['b.example.com'] } });
    const said = { cluster: 'b', object_key: KEY, status: 'FAILED', reason: 'RenderFailed', message: expect.stringContaining('spec.hosts[0]: ${cluster.labels.team} stands for nothing: the cluster has no label team') as string };
    expect(await conditions()).toEqual([said]);
    expect(await statuses()).toEqual({ [a]: 'PENDING', [b]: 'FAILED' });

    // Anything else that happens to the cluster leaves it so.
    await changed(await fleet.applyPolicy({ name: 'q', clusterSelector: '', objects: { 'ConfigMap/x/y': 'h' } }));
    expect(await held(b)).toMatchObject({ [KEY]: { hosts: ['b.example.com'] } });
    expect(await conditions()).toEqual([said]);

    await relabelled(b, { team: 'music' });
    expect(await held(b)).toMatchObject({ [KEY]: { hosts: ['music.example.com'] } });
    expect(await conditions()).toEqual([]);
  });

  it('is told from one that its schema refuses, by the API server’s words', async () => {
    await fleet.addClusters([{ name: 'a', labels: { resolution: 'MAYBE' } }, { name: 'b', labels: { resolution: 'DNS' } }]);
    const policy = await fleet.applyPolicy({ name: 'p', clusterSelector: '', template: { objects: [entry('x.example.com', 'books', { resolution: '${cluster.labels.resolution}' })] } });
    expect(await changed(policy)).toEqual({ compiled: 2, revised: 2 });
    expect(await conditions()).toMatchObject([{ cluster: 'a', object_key: KEY, reason: 'RenderFailed', message: expect.stringContaining('spec.resolution: Unsupported value: "MAYBE"') as string }]);
  });

  it('withdraws from it as from any other', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    const policy = await fleet.applyPolicy({ name: 'p', clusterSelector: '', template: { objects: [entry('${cluster.labels.team}.example.com')] } });
    await changed(policy);
    expect(await conditions()).toHaveLength(1);
    await fleet.deletePolicy(policy);
    await changed(policy);
    await fleet.acknowledge(a);
    expect(await conditions()).toEqual([]);
    expect(await fleet.policyClusters()).toEqual([]);
  });

  it('keeps agents from clearing or replacing what the hub found', async () => {
    const [a = ''] = await fleet.addClusters([{ name: 'a' }]);
    await changed(await fleet.applyPolicy({ name: 'p', clusterSelector: '', template: { objects: [entry('${cluster.labels.team}.example.com')] } }));
    await test.store.transaction(fleet.organizationId, (tx) => Promise.resolve(tx.send('delete from object_condition where cluster_id = $1', [a])));
    expect(await conditions()).toHaveLength(1);
  });
});
