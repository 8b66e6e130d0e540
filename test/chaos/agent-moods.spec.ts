import { clusterKindOf } from '@meshfleet/cluster-real';
import { istioCustomResourceDefinitions } from '@meshfleet/istio';
import { isNotFound, kubeconfigAccess, RESOURCES, type KubeClient, type Resource } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../apps/agent/src/agent.ts';
import { keyOf, startTestAgent, startTestCluster, until, VIRTUAL_SERVICES, virtualService, type TestCluster } from '../../apps/agent/src/testing/agent-fixture.ts';
import { startScriptedHub, type ScriptedHub } from '../../apps/agent/src/testing/scripted-hub.ts';
import { shortToken } from './moods/short-token.ts';
import { slowWatches } from './moods/slow-watches.ts';
import { throttleAgent } from './moods/throttle.ts';
import { refuseByWebhook } from './moods/webhook.ts';

const IS_REAL = clusterKindOf(process.env) === 'real';
const CLUSTER_ROLE_BINDINGS: Resource = { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', namespaced: false };
const CONFIG_MAPS: Resource = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
/** As in production, but for the minutes. */
const RETRIES = { transient: { firstMs: 500, maxMs: 3_000 }, lasting: { firstMs: 1_000, maxMs: 4_000 } };
const KEPT = virtualService('kept');

let test: TestCluster;
let hub: ScriptedHub;
let agent: Agent;
let admin: KubeClient;
let folder: string;
let tokenFile: string;
let keptUid: string | undefined;

beforeAll(async () => {
  [test, hub] = await Promise.all([startTestCluster({ crds: istioCustomResourceDefinitions() }), startScriptedHub()]);
  admin = test.admin;
  folder = mkdtempSync(join(tmpdir(), 'meshfleet-moods-'));
  tokenFile = join(folder, 'token');
  mountToken(await test.cluster.createToken({ namespace: 'meshfleet-system', name: 'meshfleet-agent' }));
  writeFileSync(join(folder, 'kubeconfig'), test.cluster.kubeconfig({ token: 'none' }).replace('token: none', `tokenFile: ${tokenFile}`));
  hub.publish({ objects: [KEPT] });
  await startAgentWith('kubeconfig');
  await acknowledged();
  keptUid = (await live('kept'))?.metadata.uid;
}, 120_000);
afterAll(async () => {
  await agent.stop();
  await hub.close();
  await test.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

describe('an agent whose API server', () => {
  it('is killed and comes back delivers what was pushed meanwhile, and deletes nothing', async () => {
    const back = test.cluster.restart();
    push('restarted');
    await back;
    await converged('restarted');
  }, 90_000);

  it('forgets history (410) sees again what changed, and puts back what was tampered with', async () => {
    const before = corrected().length;
    await test.cluster.compact();
    await test.cluster.restart();
    // The administrator's kept connections were cut as well: the first answer may be that.
    const tamper = () => admin.apply(VIRTUAL_SERVICES, virtualService('kept', 'evil'), { fieldManager: 'attacker', force: true });
    await tamper().catch(tamper);
    await until(() => corrected().length > before, 60_000);
    expect(hub.conditions.get(keyOf('kept'))).toMatchObject({ status: 'CORRECTED', manager: 'attacker', fields: expect.arrayContaining(['.spec.hosts[0]']) as unknown });
    expect((await live('kept'))?.['spec']).toMatchObject({ hosts: ['kept'] });
    push('compacted');
    await converged('compacted');
  }, 120_000);

  it('is too busy for it (429) says so, and goes on when it is not', async () => {
    const relieve = await throttleAgent(test.cluster, admin);
    // Priority and fairness takes a moment to be in force.
    let name = '';
    for (let attempt = 0; attempt < 5 && hub.conditions.get(keyOf(name))?.reason !== 'ServerBusy'; attempt += 1) {
      name = `throttled-${attempt}`;
      push(name);
      await until(() => hub.conditions.get(keyOf(name))?.reason === 'ServerBusy', 8_000);
    }
    expect(hub.conditions.get(keyOf(name))).toMatchObject({ status: 'FAILED', reason: 'ServerBusy' });
    await relieve();
    await converged(name);
  }, 90_000);

  it('hangs for half a minute acknowledges nothing meanwhile, and catches up', async () => {
    test.cluster.pause();
    const revision = push('paused');
    await sleep(32_000);
    expect(hub.acknowledged?.revision).toBeLessThan(revision);
    test.cluster.resume();
    await converged('paused');
  }, 120_000);

  it('is slow to tell on its watches, but answers, is delivered to meanwhile, and what happened is put right once it is told', async () => {
    const slow = await slowWatches(test.cluster);
    writeFileSync(join(folder, 'slow.kubeconfig'), slow.kubeconfigFor(readFileSync(join(folder, 'kubeconfig'), 'utf8')));
    await restartAgent('slow.kubeconfig');
    push('before-slow');
    await converged('before-slow');
    slow.hold();
    expect(slow.held).toBeGreaterThan(0);
    const before = corrected().length;
    push('slow');
    await converged('slow');
    await admin.apply(VIRTUAL_SERVICES, virtualService('kept', 'evil'), { fieldManager: 'attacker', force: true });
    await sleep(3_000);
    expect(corrected().length).toBe(before);
    slow.release();
    await until(() => corrected().length > before, 30_000);
    expect((await live('kept'))?.['spec']).toMatchObject({ hosts: ['kept'] });
    push('after-slow');
    await converged('after-slow');
    await restartAgent('kubeconfig');
    await slow.close();
  }, 180_000);

  it('refuses its token because it is over reads the new one that the kubelet has mounted', async () => {
    const refused = (): number => test.cluster.auditLog().filter(({ code }) => code === 401).length;
    await agent.stop();
    mountToken(await shortToken(test.cluster, admin, 6));
    await startAgentWith('kubeconfig');
    const before = refused();
    // API servers remember for ten seconds that a token was good.
    await sleep(17_000);
    const revision = push('expired');
    await until(() => refused() > before, 30_000);
    expect(refused()).toBeGreaterThan(before);
    expect(hub.acknowledged?.revision).toBeLessThan(revision);
    mountToken(await test.cluster.createToken({ namespace: 'meshfleet-system', name: 'meshfleet-agent' }));
    await converged('expired');
  }, 90_000);

  it('takes its role away says Forbidden in the words of the API server, and goes on when it is granted again', async () => {
    const binding = await admin.get(CLUSTER_ROLE_BINDINGS, '', 'meshfleet-agent');
    await admin.delete(CLUSTER_ROLE_BINDINGS, '', 'meshfleet-agent', { uid: binding.metadata.uid ?? '' });
    await sleep(1_000);
    push('forbidden');
    await until(() => hub.conditions.get(keyOf('forbidden'))?.reason === 'Forbidden', 30_000);
    expect(hub.conditions.get(keyOf('forbidden'))?.message).toContain('cannot get resource "virtualservices"');
    const { apiVersion, kind, metadata, ...body } = binding;
    await admin.create(CLUSTER_ROLE_BINDINGS, { apiVersion, kind, metadata: { name: metadata.name ?? '' }, ...body });
    await converged('forbidden');
  }, 90_000);

  it('no longer serves a kind says KindNotServed, and applies it anew when the kind is back', async () => {
    const crd = istioCustomResourceDefinitions().find(({ metadata }) => metadata.name === 'wasmplugins.extensions.istio.io');
    expect(crd).toBeDefined();
    const plugin: KubeObject = { apiVersion: 'extensions.istio.io/v1alpha1', kind: 'WasmPlugin', metadata: { name: 'auth', namespace: 'shop' }, spec: { url: 'oci://registry.example.com/auth:1' } };
    const key = 'WasmPlugin.extensions.istio.io/shop/auth';
    hub.publish({ objects: [KEPT, plugin] });
    await acknowledged();
    const definition = await admin.get(RESOURCES.customResourceDefinitions, '', 'wasmplugins.extensions.istio.io');
    await admin.delete(RESOURCES.customResourceDefinitions, '', 'wasmplugins.extensions.istio.io', { uid: definition.metadata.uid ?? '' });
    await until(() => hub.conditions.get(key)?.reason === 'KindNotServed', 30_000);
    expect(hub.conditions.get(key)).toMatchObject({ status: 'FAILED', reason: 'KindNotServed' });
    await untilGone(RESOURCES.customResourceDefinitions, '', 'wasmplugins.extensions.istio.io');
    await admin.create(RESOURCES.customResourceDefinitions, crd as KubeObject);
    await until(() => hub.conditions.get(key)?.status !== 'FAILED', 60_000);
    const plugins: Resource = { group: 'extensions.istio.io', version: 'v1alpha1', kind: 'WasmPlugin', plural: 'wasmplugins', namespaced: true };
    expect((await admin.get(plugins, 'shop', 'auth'))['spec']).toMatchObject({ url: 'oci://registry.example.com/auth:1' });
    await keptIsKept();
  }, 120_000);

  // Simulated API servers keep webhooks and do not call them.
  if (IS_REAL) it('has a webhook that refuses hands on its words, and applies the object when it is gone', async () => {
    const webhook = await refuseByWebhook(admin, 'timeouts over 10s need a ticket');
    await sleep(1_000);
    push('refused');
    await until(() => hub.conditions.get(keyOf('refused'))?.reason === 'DeniedByWebhook', 30_000);
    expect(hub.conditions.get(keyOf('refused'))).toMatchObject({ status: 'FAILED', reason: 'DeniedByWebhook' });
    expect(hub.conditions.get(keyOf('refused'))?.message).toContain('timeouts over 10s need a ticket');
    await webhook.die();
    await until(() => hub.conditions.get(keyOf('refused'))?.reason === 'WebhookFailed', 30_000);
    expect(hub.conditions.get(keyOf('refused'))?.message).toContain('mood.meshfleet.example');
    await webhook.remove();
    await converged('refused');
  }, 120_000);

  it('is given an object of 900 KiB keeps it, and keeps the state that holds it over a restart', async () => {
    const large = virtualService('large');
    const filter: KubeObject = {
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'EnvoyFilter',
      metadata: { name: 'large', namespace: 'shop' },
      spec: { configPatches: [{ applyTo: 'HTTP_FILTER', patch: { operation: 'MERGE', value: { text: randomBytes(675 * 1024).toString('base64') } } }] },
    };
    hub.publish({ objects: [KEPT, large, filter] });
    await acknowledged(60_000);
    expect(hub.conditions.has('EnvoyFilter.networking.istio.io/shop/large')).toBe(false);
    const filters: Resource = { group: 'networking.istio.io', version: 'v1alpha3', kind: 'EnvoyFilter', plural: 'envoyfilters', namespaced: true };
    expect((await admin.get(filters, 'shop', 'large'))['spec']).toEqual(filter['spec']);
    const stateRequests = (): number => hub.requests.filter(({ path }) => path === '/agent/v1/state').length;
    const before = stateRequests();
    await restartAgent('kubeconfig');
    expect(agent.status.revision).toBe(hub.acknowledged?.revision);
    expect(stateRequests()).toBe(before);
    push('after-large');
    await converged('after-large');
  }, 120_000);

  it('cannot finish deleting a namespace says so, and applies the objects when it is there again', async () => {
    const key = 'VirtualService.networking.istio.io/stuck/held';
    const held = { ...virtualService('held'), metadata: { name: 'held', namespace: 'stuck' } };
    const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'stuck' } };
    const created = await admin.create(RESOURCES.namespaces, namespace);
    await admin.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'hold', namespace: 'stuck', finalizers: ['example.com/hold'] } });
    hub.publish({ objects: [KEPT, held] });
    await acknowledged();
    await admin.delete(RESOURCES.namespaces, '', 'stuck', { uid: created.metadata.uid ?? '' });
    await until(() => hub.conditions.get(key)?.reason === 'NamespaceTerminating', 60_000);
    expect(hub.conditions.get(key)).toMatchObject({ status: 'FAILED', reason: 'NamespaceTerminating' });
    const hold = await admin.get(CONFIG_MAPS, 'stuck', 'hold');
    const { finalizers: _released, ...metadata } = hold.metadata;
    await admin.update(CONFIG_MAPS, { ...hold, metadata });
    await untilGone(RESOURCES.namespaces, '', 'stuck');
    await until(() => hub.conditions.get(key)?.reason === 'NamespaceNotFound', 30_000);
    expect(hub.conditions.get(key)?.reason).toBe('NamespaceNotFound');
    await admin.create(RESOURCES.namespaces, namespace);
    await until(() => hub.conditions.get(key)?.status !== 'FAILED', 30_000);
    expect((await admin.get(VIRTUAL_SERVICES, 'stuck', 'held'))['spec']).toMatchObject({ hosts: ['held'] });
    await keptIsKept();
  }, 120_000);
});

async function restartAgent(kubeconfig: string): Promise<void> {
  await agent.stop();
  await startAgentWith(kubeconfig);
}

async function startAgentWith(kubeconfig: string): Promise<void> {
  agent = await startTestAgent(test, hub, { access: await kubeconfigAccess(join(folder, kubeconfig)), retrySpans: RETRIES });
  await until(() => agent.status.hub === 'connected', 30_000);
}

function corrected(): unknown[] {
  return hub.history.filter(({ key, status, manager }) => key === keyOf('kept') && status === 'CORRECTED' && manager === 'attacker');
}

function push(name: string): number {
  return hub.publish({ objects: [KEPT, virtualService(name)] });
}

/** The newest revision is acknowledged, the object is there, nothing that stood before is lost, and nothing is said to fail. */
async function converged(name: string): Promise<void> {
  await acknowledged(60_000);
  await until(async () => (await live(name)) !== undefined && failures().length === 0, 60_000);
  expect(failures()).toEqual([]);
  expect((await live(name))?.['spec']).toMatchObject({ hosts: [name] });
  await keptIsKept();
}

async function keptIsKept(): Promise<void> {
  const deletes = test.cluster.auditLog().filter(({ user, verb, resource }) => user.endsWith(':meshfleet-agent') && verb === 'delete' && resource !== 'secrets');
  expect(deletes).toEqual([]);
  expect((await live('kept'))?.metadata.uid).toBe(keptUid);
}

async function acknowledged(ms = 30_000): Promise<void> {
  const revision = hub.newest;
  await until(() => hub.acknowledged?.revision === revision, ms);
  expect(hub.acknowledged?.revision).toBe(revision);
}

function failures(): unknown[] {
  return [...hub.conditions.values()].filter(({ status }) => status === 'FAILED' || status === 'DRIFTED');
}

async function live(name: string): Promise<KubeObject | undefined> {
  return admin.get(VIRTUAL_SERVICES, 'shop', name).catch((error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error as Error)));
}

async function untilGone(resource: Resource, namespace: string, name: string): Promise<void> {
  await until(() => admin.get(resource, namespace, name).then(() => false, isNotFound), 60_000);
}

/** As a kubelet does: the file is replaced whole. */
function mountToken(token: string): void {
  writeFileSync(`${tokenFile}.new`, token);
  renameSync(`${tokenFile}.new`, tokenFile);
}
