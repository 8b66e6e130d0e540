import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { RESOURCES } from '@meshfleet/kube';
import type { Agent } from '../agent.ts';
import { keyOf, startTestAgent, startTestCluster, until, VIRTUAL_SERVICES, virtualService } from '../testing/agent-fixture.ts';
import type { TestCluster } from '../testing/agent-fixture.ts';
import type { ScriptedHub } from '../testing/scripted-hub.ts';
import { startScriptedHub } from '../testing/scripted-hub.ts';

let test: TestCluster;
let hub: ScriptedHub;
let agent: Agent | undefined;
beforeAll(async () => {
  [test, hub] = await Promise.all([startTestCluster(), startScriptedHub()]);
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});
afterAll(async () => {
  await hub.close();
  await test.close();
});

const acked = async (revision: number) => {
  await until(() => hub.acknowledged?.revision === revision, 20_000);
  expect(hub.acknowledged?.revision).toBe(revision);
};
const start = async () => (agent = await startTestAgent(test, hub));
const restart = async () => {
  await agent?.stop();
  await start();
};
const read = (name: string) => test.admin.get(VIRTUAL_SERVICES, 'shop', name);
/** What an object says, but for what only the API server writes. */
const saidBy = ({ metadata, apiVersion, kind, ...rest }: KubeObject) => ({ apiVersion, kind, labels: metadata.labels, annotations: metadata.annotations, finalizers: metadata.finalizers, uid: metadata.uid, ...rest });
const named = (name: string, spec: object, labels?: Record<string, string>): KubeObject => ({ ...virtualService(name), metadata: { name, namespace: 'shop', ...(labels === undefined ? {} : { labels }) }, spec });
const take = async (objects: readonly KubeObject[]) => acked(hub.publish({ objects, conflicts: 'FORCE' }));
const withdraw = async (...names: string[]) => acked(hub.publish({ objects: [], tombstones: names.map(keyOf), approvedDeletions: 100 }));

describe('what was there before a policy came', () => {
  it('is given back when it goes, over a restart, field by field', async () => {
    await test.admin.apply(VIRTUAL_SERVICES, named('bank', { hosts: ['theirs'], gateways: ['edge'], http: [{ route: [{ destination: { host: 'theirs' } }] }] }, { team: 'payments' }), { fieldManager: 'argocd' });
    const before = await read('bank');
    await start();
    await take([named('bank', { hosts: ['ours'], http: [{ route: [{ destination: { host: 'ours' } }] }], exportTo: ['.'] }, { team: 'platform', tier: 'gold' })]);
    expect((await read('bank'))['spec']).toMatchObject({ hosts: ['ours'], gateways: ['edge'], exportTo: ['.'] });
    await restart();
    await withdraw('bank');
    expect(saidBy(await read('bank'))).toEqual(saidBy(before));
    expect(hub.conditions.size).toBe(0);
  });

  it('is given back as soon as a version of the policy says nothing of it', async () => {
    await test.admin.apply(VIRTUAL_SERVICES, named('till', { hosts: ['theirs'], gateways: ['edge'] }, { team: 'payments' }), { fieldManager: 'argocd' });
    const before = await read('till');
    await start();
    await take([named('till', { hosts: ['ours'], gateways: ['mesh'] }, { team: 'platform' })]);
    await take([named('till', { hosts: ['ours'] })]);
    expect(saidBy(await read('till'))).toMatchObject({ labels: { team: 'payments' }, spec: { hosts: ['ours'], gateways: ['edge'] } });
    await take([named('till', { hosts: ['ours'], gateways: ['other'] })]);
    await withdraw('till');
    expect(saidBy(await read('till'))).toEqual(saidBy(before));
  });

  it('is given back when it is withdrawn for other policies too, in whose name it was applied before', async () => {
    await test.admin.apply(VIRTUAL_SERVICES, named('loan', { hosts: ['theirs'] }, { team: 'payments' }), { fieldManager: 'argocd' });
    const before = await read('loan');
    await start();
    const policyId = '00000000-0000-7000-8000-00000000000b';
    await acked(hub.publish({ objects: [named('loan', { hosts: ['ours'] }, { team: 'platform' })], conflicts: 'FORCE', policyId }));
    const tombstones = ['a', 'b', 'c'].map((last) => ({ key: keyOf('loan'), policyId: `00000000-0000-7000-8000-00000000000${last}` }));
    await acked(hub.publish({ objects: [], tombstones, approvedDeletions: 100 }));
    expect(saidBy(await read('loan'))).toEqual(saidBy(before));
  });

  it('is said to be lost where it is too large to be kept, and only there', async () => {
    const hosts = Array.from({ length: 3_000 }, (_, index) => `theirs-${String(index)}.shop.example.com`);
    for (const [name, theirs] of [['vault', hosts], ['purse', ['theirs']]] as const) {
      await test.admin.apply(VIRTUAL_SERVICES, named(name, { hosts: theirs }), { fieldManager: 'argocd' });
    }
    await start();
    await take([named('vault', { hosts: ['ours'] }), named('purse', { hosts: ['ours'] })]);
    await until(() => hub.conditions.size > 0);
    expect([...hub.conditions.keys()]).toEqual([keyOf('vault')]);
    expect(hub.conditions.get(keyOf('vault'))).toMatchObject({ status: 'CORRECTED', reason: 'FormerValuesNotKept', message: expect.stringContaining('not given back') as string });
    await withdraw('vault', 'purse');
    expect(hub.conditions.size).toBe(0);
  });

  it('stays as somebody has changed it since', async () => {
    await test.admin.apply(VIRTUAL_SERVICES, named('safe', { hosts: ['theirs'], gateways: ['edge'] }), { fieldManager: 'argocd' });
    await start();
    await acked(hub.publish({ objects: [named('safe', { hosts: ['ours'], gateways: ['mesh'] })], conflicts: 'FORCE', drift: 'REPORT' }));
    await test.admin.apply(VIRTUAL_SERVICES, named('safe', { gateways: ['by-hand'] }), { fieldManager: 'kubectl', force: true });
    await until(() => hub.conditions.get(keyOf('safe'))?.status === 'DRIFTED');
    await withdraw('safe');
    expect((await read('safe'))['spec']).toEqual({ hosts: ['theirs'], gateways: ['by-hand'] });
  });

  it('is kept for a policy that takes it while it is still withdrawn for another', async () => {
    const label = { 'istio-injection': 'enabled' };
    const tenant: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ledger', labels: label } };
    const theirs = { ...tenant, metadata: { name: 'ledger', labels: { 'istio-injection': 'disabled' } } };
    // Their deletion takes a while, after the namespace is given back.
    const more = Array.from({ length: 12 }, (_, index) => named(`many-${String(index)}`, { hosts: [`many-${String(index)}`] }));
    const [first, second] = ['00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-00000000000b'] as const;
    await test.admin.apply(RESOURCES.namespaces, theirs, { fieldManager: 'flux' });
    await start();
    await acked(hub.publish({ objects: [tenant, ...more], conflicts: 'FORCE', policyId: first }));
    const labels = async () => (await test.admin.get(RESOURCES.namespaces, '', 'ledger')).metadata.labels;
    test.cluster.faults?.latency(200);
    hub.publish({ objects: [], tombstones: ['Namespace/ledger', ...more.map(({ metadata }) => keyOf(metadata.name ?? ''))].map((key) => ({ key, policyId: first })), approvedDeletions: 100 });
    await until(async () => (await labels())?.['istio-injection'] === 'disabled');
    const taken = hub.publish({ objects: [tenant], conflicts: 'FORCE', policyId: second });
    await acked(taken);
    test.cluster.faults?.clear();
    expect(await labels()).toMatchObject(label);
    await acked(hub.publish({ objects: [], tombstones: [{ key: 'Namespace/ledger', policyId: second }] }));
    expect(await labels()).toMatchObject({ 'istio-injection': 'disabled' });
  });

  it('is what its owner has made of it since, be that corrected', async () => {
    const spec = (host: string, gateway: string) => ({ hosts: [host], gateways: [gateway], http: [{ route: [{ destination: { host } }] }] });
    await test.admin.apply(VIRTUAL_SERVICES, named('chart', spec('theirs', 'edge')), { fieldManager: 'helm' });
    await start();
    await take([named('chart', { hosts: ['ours'], http: [{ route: [{ destination: { host: 'ours' } }] }] })]);
    await test.admin.apply(VIRTUAL_SERVICES, named('chart', spec('upgraded', 'edge')), { fieldManager: 'helm', force: true });
    await until(() => hub.conditions.get(keyOf('chart'))?.status === 'CORRECTED');
    expect((await read('chart'))['spec']).toMatchObject({ hosts: ['ours'] });
    await restart();
    await withdraw('chart');
    expect((await read('chart'))['spec']).toEqual(spec('upgraded', 'edge'));
  });

  it('is what was there first, however often it was corrected', async () => {
    await test.admin.apply(VIRTUAL_SERVICES, named('mint', { hosts: ['theirs'] }), { fieldManager: 'argocd' });
    const before = await read('mint');
    await start();
    await take([named('mint', { hosts: ['ours'] })]);
    await test.admin.apply(VIRTUAL_SERVICES, named('mint', { hosts: ['evil'] }), { fieldManager: 'kubectl', force: true });
    await until(() => hub.conditions.get(keyOf('mint'))?.status === 'CORRECTED');
    await take([named('mint', { hosts: ['ours', 'too'] })]);
    await withdraw('mint');
    expect(saidBy(await read('mint'))).toEqual(saidBy(before));
  });

  it('is nobody’s once the object is another of its name', async () => {
    await test.admin.apply(VIRTUAL_SERVICES, named('vault', { hosts: ['old'] }), { fieldManager: 'argocd' });
    await start();
    await acked(hub.publish({ objects: [named('vault', { hosts: ['ours'] })], conflicts: 'FORCE', drift: 'REPORT' }));
    await agent?.stop();
    const old = await read('vault');
    await test.admin.delete(VIRTUAL_SERVICES, 'shop', 'vault', { uid: old.metadata.uid ?? '' });
    await test.admin.apply(VIRTUAL_SERVICES, named('vault', { hosts: ['new'] }), { fieldManager: 'argocd' });
    await start();
    await withdraw('vault');
    expect((await read('vault'))['spec']).toEqual({ hosts: ['new'] });
  });

  it('is given back to labels and pod templates of workloads as well', async () => {
    const labels = { app: 'web' };
    const owned: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop', labels: { 'istio.io/rev': 'stable' } }, spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels, annotations: { 'proxy.istio.io/config': 'old' } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } } } };
    await test.admin.apply(RESOURCES.deployments, owned, { fieldManager: 'helm' });
    await start();
    const wanted: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop', labels: { 'istio.io/rev': 'canary' } }, spec: { template: { metadata: { annotations: { 'proxy.istio.io/config': 'new', more: 'x' } } } } };
    await take([wanted]);
    expect((await test.admin.get(RESOURCES.deployments, 'shop', 'web')).metadata.labels).toMatchObject({ 'istio.io/rev': 'canary' });
    await acked(hub.publish({ objects: [], tombstones: ['Deployment.apps/shop/web'] }));
    const after = await test.admin.get(RESOURCES.deployments, 'shop', 'web');
    expect(after.metadata.labels).toEqual({ 'istio.io/rev': 'stable' });
    expect((after['spec'] as { template: { metadata: object } }).template.metadata).toMatchObject({ labels, annotations: { 'proxy.istio.io/config': 'old' } });
    expect(JSON.stringify(after)).not.toContain('"more"');
  });

  it('costs no Secret where nothing of others is written over', async () => {
    await start();
    const from = test.cluster.auditLog().length;
    await take([named('fresh', { hosts: ['ours'] }), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } }]);
    await take([named('fresh', { hosts: ['ours', 'too'] }), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } }]);
    expect(test.cluster.auditLog().slice(from).filter(({ name, verb }) => name === 'meshfleet-agent-former' && verb !== 'get')).toEqual([]);
    await acked(hub.publish({ objects: [], tombstones: [keyOf('fresh'), 'Namespace/shop'] }));
  });

  it('is there again after any take-over, any versions and a release', async () => {
    await start();
    const list = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 });
    const labels = fc.dictionary(fc.constantFrom('team', 'tier', 'app.kubernetes.io/name'), fc.constantFrom('x', 'y'));
    const some = fc.record(
      {
        gateways: list,
        exportTo: fc.constant(['.']),
        http: fc.uniqueArray(fc.record({ name: fc.constantFrom('one', 'two'), timeout: fc.constantFrom('1s', '2s'), route: fc.constant([{ destination: { host: 'web' } }]) }), { minLength: 1, selector: ({ name }) => name }),
      },
      { requiredKeys: [] },
    );
    const spec = fc.tuple(list, some).map(([hosts, more]) => ({ hosts, ...more }));
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.tuple(spec, labels), fc.array(fc.tuple(spec, labels), { minLength: 1, maxLength: 3 }), fc.boolean(), async ([was, wasLabels], versions, byApply) => {
        run += 1;
        const name = `any-${String(run)}`;
        const theirs = named(name, was, wasLabels);
        if (byApply) await test.admin.apply(VIRTUAL_SERVICES, theirs, { fieldManager: 'argocd' });
        else await test.admin.create(VIRTUAL_SERVICES, theirs);
        const before = await read(name);
        for (const [wanted, wantedLabels] of versions) await take([named(name, wanted, wantedLabels)]);
        await withdraw(name);
        const after = await read(name);
        const tidy = (object: KubeObject) => ({ ...saidBy(object), labels: object.metadata.labels ?? {}, annotations: object.metadata.annotations ?? {} });
        expect(tidy(after)).toEqual(tidy(before));
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});
