import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { gatewayApiCustomResourceDefinitions, istioCustomResourceDefinitions } from '@meshfleet/istio';
import { accessFromKubeconfig, createTransport, resourcePath, RESOURCES } from '@meshfleet/kube';
import type { Resource } from '@meshfleet/kube';
import type { Agent } from '../agent.ts';
import { keyOf, startTestAgent, startTestCluster, until, VIRTUAL_SERVICES, virtualService } from '../testing/agent-fixture.ts';
import type { TestCluster } from '../testing/agent-fixture.ts';
import type { ScriptedHub } from '../testing/scripted-hub.ts';
import { startScriptedHub } from '../testing/scripted-hub.ts';

const ROUTES: Resource = { group: 'gateway.networking.k8s.io', version: 'v1', kind: 'HTTPRoute', plural: 'httproutes', namespaced: true };
const ROUTE = 'HTTPRoute.gateway.networking.k8s.io/shop/web';
const route = (more: object = {}): KubeObject => ({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'web', namespace: 'shop' }, spec: { parentRefs: [{ name: 'edge' }], rules: [{ backendRefs: [{ name: 'web', port: 80 }] }], ...more } });

let test: TestCluster;
let hub: ScriptedHub;
let agent: Agent | undefined;
beforeEach(async () => {
  const crds = [...istioCustomResourceDefinitions(), ...gatewayApiCustomResourceDefinitions('standard')].filter(({ metadata }) => /^(?:httproutes|gateways|virtualservices)\./.test(metadata.name ?? ''));
  [test, hub] = await Promise.all([startTestCluster({ crds }), startScriptedHub()]);
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  await hub.close();
  await test.close();
});

const acked = (revision: number) => until(() => hub.acknowledged?.revision === revision);
/** As the controller of the mesh writes it. */
async function accept(accepted: 'True' | 'False', reason: string): Promise<void> {
  const { metadata } = await test.admin.get(ROUTES, 'shop', 'web');
  const said = [{ type: 'Accepted', status: accepted, reason, message: '', observedGeneration: metadata.generation ?? 1, lastTransitionTime: '2026-01-01T00:00:00Z' }];
  const status = { parents: [{ parentRef: { name: 'edge' }, controllerName: 'istio.io/gateway-controller', conditions: said }] };
  const transport = createTransport(await accessFromKubeconfig(test.cluster.kubeconfig()), { userAgent: 'istiod' });
  await transport.json({ method: 'PATCH', path: `${resourcePath(ROUTES, 'shop', 'web')}/status`, contentType: 'application/merge-patch+json', body: { status } });
  transport.close();
}
const requestsOfAgent = (from: number) => test.cluster.auditLog().slice(from).filter(({ user, verb, resource }) => user.includes('meshfleet-agent') && (verb === 'get' || verb === 'patch') && !['', 'leases', 'secrets'].includes(resource));

describe('an object that is applied and not well', () => {
  it('is told with what its controller says, without a request, until it is well', async () => {
    hub.publish({ objects: [route()] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    const from = test.cluster.auditLog().length;
    await accept('False', 'NoMatchingParent');
    await until(() => hub.conditions.has(ROUTE));
    expect(hub.conditions.get(ROUTE)).toMatchObject({ status: 'UNHEALTHY', reason: 'NoMatchingParent' });
    await accept('True', 'Accepted');
    await until(() => !hub.conditions.has(ROUTE));
    expect(hub.conditions.size).toBe(0);
    expect(requestsOfAgent(from)).toEqual([]);
  });

  it('is told of by an agent that starts later, and corrected all the same', async () => {
    hub.publish({ objects: [route()] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    await accept('False', 'NoMatchingParent');
    await until(() => hub.conditions.has(ROUTE));
    await agent.stop();
    const before = hub.reports.length;
    agent = await startTestAgent(test, hub);
    await until(() => hub.reports.slice(before).some(({ conditions }) => conditions.items.some(({ status }) => status === 'UNHEALTHY')));
    expect(hub.conditions.get(ROUTE)).toMatchObject({ status: 'UNHEALTHY', reason: 'NoMatchingParent' });
    await test.admin.apply(ROUTES, route({ parentRefs: [{ name: 'other' }] }), { fieldManager: 'somebody', force: true });
    await until(async () => JSON.stringify((await test.admin.get(ROUTES, 'shop', 'web'))['spec']).includes('edge'));
    await until(() => hub.history.some(({ status }) => status === 'CORRECTED'));
    expect(hub.history.some(({ status }) => status === 'CORRECTED')).toBe(true);
  });

  it('is applied to a hub that does not know of health, and told to the one that takes its place', async () => {
    hub.accepts = [];
    hub.publish({ objects: [route()] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    await accept('False', 'NoMatchingParent');
    await until(() => hub.history.some(({ key, status }) => key === ROUTE && status === 'APPLIED'));
    expect([...hub.conditions.keys()]).toEqual([]);
    hub.accepts = ['UNHEALTHY'];
    await accept('False', 'NotAllowedByListeners');
    await until(() => hub.conditions.get(ROUTE)?.reason === 'NotAllowedByListeners');
    expect(hub.conditions.get(ROUTE)).toMatchObject({ status: 'UNHEALTHY' });
    hub.accepts = [];
    await accept('False', 'NoMatchingListenerHostname');
    await until(() => !hub.conditions.has(ROUTE));
    expect(hub.conditions.has(ROUTE)).toBe(false);
  });
});

describe('what a watch shows', () => {
  it('costs no request while somebody keeps changing an object back', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    agent = await startTestAgent(test, hub, { retrySpans: { transient: { firstMs: 1_000, maxMs: 300_000 }, lasting: { firstMs: 600_000, maxMs: 900_000 } } });
    await acked(1);
    const key = keyOf('reviews');
    const fight = async (round: number) => test.admin.apply(VIRTUAL_SERVICES, virtualService('reviews', `evil-${String(round)}`), { fieldManager: 'operator', force: true });
    for (let round = 0; hub.conditions.get(key)?.reason !== 'Contested'; round += 1) {
      await fight(round);
      await until(async () => hub.conditions.get(key)?.reason === 'Contested' || JSON.stringify((await test.admin.get(VIRTUAL_SERVICES, 'shop', 'reviews'))['spec']).includes('"reviews"'));
    }
    const from = test.cluster.auditLog().length;
    for (let round = 100; round < 110; round += 1) await fight(round);
    await until(() => JSON.stringify(hub.inventory.get(key) ?? '').includes('evil-109'));
    expect(requestsOfAgent(from)).toEqual([]);
    await test.admin.apply(VIRTUAL_SERVICES, virtualService('reviews'), { fieldManager: 'operator', force: true });
    await until(() => !hub.conditions.has(key));
    expect(hub.conditions.has(key)).toBe(false);
  });

  it('costs no request when the owner of a labelled workload goes about its business', async () => {
    const labels = { app: 'web' };
    await test.admin.create(RESOURCES.deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app:1' }] } } } });
    hub.publish({ objects: [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop', labels: { tier: 'front' } } }] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    const from = test.cluster.auditLog().length;
    for (let replicas = 1; replicas < 6; replicas += 1) {
      await test.admin.apply(RESOURCES.deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, spec: { replicas } }, { fieldManager: 'autoscaler', force: true });
    }
    await until(() => JSON.stringify(hub.inventory.get('Deployment.apps/shop/web') ?? '').includes('"replicas":5'));
    expect(requestsOfAgent(from)).toEqual([]);
  });
});
