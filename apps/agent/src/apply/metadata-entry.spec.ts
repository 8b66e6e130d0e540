import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { isNotFound, RESOURCES } from '@meshfleet/kube';
import type { Resource } from '@meshfleet/kube';
import type { Agent } from '../agent.ts';
import { startTestAgent, startTestCluster, until } from '../testing/agent-fixture.ts';
import type { TestCluster } from '../testing/agent-fixture.ts';
import type { ScriptedHub } from '../testing/scripted-hub.ts';
import { startScriptedHub } from '../testing/scripted-hub.ts';

const OWN_LABELS = { app: 'web' };
const workload = (more: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { replicas: 0, selector: { matchLabels: OWN_LABELS }, template: { metadata: { labels: OWN_LABELS }, spec: { containers: [{ name: 'app', image: 'registry.example.com/app:1' }] } }, ...more },
});
const labelled = (labels: Record<string, string>, template?: Record<string, string>): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', labels },
  ...(template === undefined ? {} : { spec: { template: { metadata: { annotations: template } } } }),
});
const namespace = (name: string, labels: Record<string, string>): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
const DEPLOYMENT = 'Deployment.apps/shop/web';

let test: TestCluster;
let hub: ScriptedHub;
let agent: Agent | undefined;

beforeEach(async () => {
  [test, hub] = await Promise.all([startTestCluster(), startScriptedHub()]);
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  await hub.close();
  await test.close();
});

const acked = (revision: number) => until(() => hub.acknowledged?.revision === revision);
const read = async (resource: Resource, inNamespace: string, name: string): Promise<KubeObject | undefined> =>
  test.admin.get(resource, inNamespace, name).catch((error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error as Error)));
const deployment = () => read(RESOURCES.deployments, 'shop', 'web');
const shop = () => read(RESOURCES.namespaces, '', 'shop');
interface Template {
  readonly metadata: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
}
const templateOf = (object: KubeObject | undefined): Template | undefined => (object?.['spec'] as { template: Template } | undefined)?.template; // a Deployment

describe('labels and annotations of what is somebody else’s', () => {
  it('are set, on pod templates too, beside what the owner says; marks stay off pod templates', async () => {
    await test.admin.create(RESOURCES.deployments, workload());
    hub.publish({ objects: [namespace('shop', { 'istio-injection': 'enabled' }), labelled({ tier: 'front' }, { 'sidecar.istio.io/inject': 'true' })] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    expect([...hub.conditions.values()]).toEqual([]);
    expect((await shop())?.metadata.labels).toMatchObject({ 'istio-injection': 'enabled', 'meshfleet.io/managed': 'metadata' });
    const object = await deployment();
    expect(object?.metadata.labels).toMatchObject({ tier: 'front' });
    expect(object?.metadata.annotations).toMatchObject({ 'meshfleet.io/origin': 'adopted' });
    expect(templateOf(object)).toMatchObject({ metadata: { labels: OWN_LABELS, annotations: { 'sidecar.istio.io/inject': 'true' } }, spec: { containers: [{ image: 'registry.example.com/app:1' }] } });
    expect(Object.keys(templateOf(object)?.metadata.annotations ?? {})).toEqual(['sidecar.istio.io/inject']);
    expect(templateOf(object)?.metadata.labels).toEqual(OWN_LABELS);
  });

  it('wait for an object that is not there, and never bring one into being', async () => {
    hub.publish({ objects: [labelled({ tier: 'front' }), namespace('later', { a: 'b' })] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    expect(hub.conditions.get(DEPLOYMENT)).toMatchObject({ status: 'FAILED', reason: 'ObjectMissing' });
    expect(hub.conditions.get('Namespace/later')).toMatchObject({ status: 'FAILED', reason: 'ObjectMissing' });
    expect(await deployment()).toBeUndefined();
    expect(await read(RESOURCES.namespaces, '', 'later')).toBeUndefined();
    await test.admin.create(RESOURCES.deployments, workload());
    await until(() => !hub.conditions.has(DEPLOYMENT));
    expect((await deployment())?.metadata.labels).toMatchObject({ tier: 'front' });
    expect([...hub.conditions.keys()]).toEqual(['Namespace/later']);
  });

  it('are put back when somebody changes them, and come back with an object that its owner makes anew', async () => {
    await test.admin.create(RESOURCES.deployments, workload());
    hub.publish({ objects: [labelled({ tier: 'front' })] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    const first = await deployment();
    await test.admin.apply(RESOURCES.deployments, labelled({ tier: 'back' }), { fieldManager: 'kubectl', force: true });
    await until(() => hub.conditions.get(DEPLOYMENT)?.status === 'CORRECTED');
    expect(hub.conditions.get(DEPLOYMENT)).toMatchObject({ status: 'CORRECTED', manager: 'kubectl', fields: ['.metadata.labels.tier'] });
    expect((await deployment())?.metadata.labels).toMatchObject({ tier: 'front' });
    await test.admin.delete(RESOURCES.deployments, 'shop', 'web', { uid: first?.metadata.uid ?? '' });
    await until(() => hub.conditions.get(DEPLOYMENT)?.reason === 'ObjectMissing');
    expect(await deployment()).toBeUndefined();
    await test.admin.create(RESOURCES.deployments, workload());
    await until(() => hub.conditions.size === 0);
    expect((await deployment())?.metadata.labels).toMatchObject({ tier: 'front' });
  });

  it('that another manager holds are a conflict, and taken only by FORCE', async () => {
    await test.admin.apply(RESOURCES.namespaces, namespace('shop', { 'istio-injection': 'disabled' }), { fieldManager: 'argocd' });
    hub.publish({ objects: [namespace('shop', { 'istio-injection': 'enabled' })] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    expect(hub.conditions.get('Namespace/shop')).toMatchObject({ status: 'FAILED', reason: 'Conflict', manager: 'argocd', fields: ['.metadata.labels.istio-injection'] });
    hub.publish({ objects: [namespace('shop', { 'istio-injection': 'enabled' })], conflicts: 'FORCE' });
    await acked(2);
    expect((await shop())?.metadata.labels).toMatchObject({ 'istio-injection': 'enabled' });
  });

  it('are given up on withdrawal, and the objects live on', async () => {
    await test.admin.create(RESOURCES.deployments, workload());
    const before = await deployment();
    hub.publish({ objects: [namespace('shop', { 'istio-injection': 'enabled' }), labelled({ tier: 'front' }, { note: 'x' })] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    hub.publish({ objects: [], tombstones: ['Namespace/shop', DEPLOYMENT], approvedDeletions: 100 });
    await acked(2);
    expect((await shop())?.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'shop' });
    expect((await shop())?.metadata.annotations).toBeUndefined();
    const object = await deployment();
    expect(object?.metadata.uid).toBe(before?.metadata.uid);
    expect(object?.metadata.labels).toEqual(before?.metadata.labels);
    expect(templateOf(object)).toEqual(templateOf(before));
    expect(test.cluster.auditLog().filter(({ user, verb }) => user.includes('meshfleet-agent') && verb === 'delete')).toEqual([]);
  });

  it('stand each for itself: one that another holds is left, and reported, and keeps no other from being set, changed or given up', async () => {
    await test.admin.apply(RESOURCES.namespaces, namespace('shop', { team: 'platform' }), { fieldManager: 'argocd' });
    hub.publish({ objects: [namespace('shop', { team: 'checkout', tier: 'front' })] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    const contested = { status: 'FAILED', reason: 'Conflict', manager: 'argocd', fields: ['.metadata.labels.team'] };
    expect(hub.conditions.get('Namespace/shop')).toMatchObject(contested);
    expect((await shop())?.metadata.labels).toMatchObject({ team: 'platform', tier: 'front' });
    hub.publish({ objects: [namespace('shop', { team: 'checkout', rev: 'stable' })] });
    await acked(2);
    expect((await shop())?.metadata.labels).toMatchObject({ team: 'platform', rev: 'stable' });
    expect((await shop())?.metadata.labels).not.toHaveProperty('tier');
    // What is ours meanwhile is put back, and what is not ours still is not taken.
    await test.admin.apply(RESOURCES.namespaces, namespace('shop', { rev: 'canary' }), { fieldManager: 'kubectl', force: true });
    await until(async () => (await shop())?.metadata.labels?.['rev'] === 'stable');
    expect((await shop())?.metadata.labels).toMatchObject({ team: 'platform' });
    hub.publish({ objects: [namespace('shop', { team: 'checkout' })] });
    await acked(3);
    expect((await shop())?.metadata.labels).toMatchObject({ team: 'platform' });
    expect((await shop())?.metadata.labels).not.toHaveProperty('rev');
    expect(hub.conditions.get('Namespace/shop')).toMatchObject(contested);
    // Its holder lets go of it.
    await test.admin.apply(RESOURCES.namespaces, namespace('shop', {}), { fieldManager: 'argocd', force: true });
    await until(() => !hub.conditions.has('Namespace/shop'));
    expect((await shop())?.metadata.labels).toMatchObject({ team: 'checkout' });
    hub.publish({ objects: [], tombstones: ['Namespace/shop'], approvedDeletions: 100 });
    await acked(4);
    expect((await shop())?.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'shop' });
  });

  it('that are contested are not taken by an agent that starts anew, nor is one told that it drifted', async () => {
    await test.admin.apply(RESOURCES.namespaces, namespace('shop', { team: 'platform' }), { fieldManager: 'argocd' });
    hub.publish({ objects: [namespace('shop', { tier: 'front' })] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    hub.publish({ objects: [namespace('shop', { team: 'checkout', tier: 'front' })] });
    await acked(2);
    await agent.stop();
    agent = await startTestAgent(test, hub);
    hub.publish({ objects: [namespace('shop', { team: 'checkout', tier: 'back' })] });
    await acked(3);
    expect((await shop())?.metadata.labels).toMatchObject({ team: 'platform', tier: 'back' });
    hub.publish({ objects: [namespace('shop', { tier: 'back' })] });
    await acked(4);
    expect([...hub.conditions.values()]).toEqual([]);
    expect((await shop())?.metadata.labels).toMatchObject({ team: 'platform', tier: 'back' });
  });

  it('are all that is written: a state that asks for more of a workload is refused by the agent itself', async () => {
    await test.admin.create(RESOURCES.deployments, workload());
    const evil = workload({ template: { metadata: { labels: OWN_LABELS }, spec: { containers: [{ name: 'app', image: 'evil' }] } } });
    hub.publish({ objects: [evil], conflicts: 'FORCE' });
    agent = await startTestAgent(test, hub);
    await acked(1);
    expect(hub.conditions.get(DEPLOYMENT)).toMatchObject({ status: 'FAILED', reason: 'ModeRefused' });
    expect(templateOf(await deployment())?.spec.containers[0]?.image).toBe('registry.example.com/app:1');
  });
});
