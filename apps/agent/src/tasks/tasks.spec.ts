import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { isNotFound, RESOURCES } from '@meshfleet/kube';
import type { DryRunResult, InspectResult, TaskAnswer } from '@meshfleet/protocol';
import type { Agent } from '../agent.ts';
import { keyOf, startTestAgent, startTestCluster, until, VIRTUAL_SERVICES, virtualService } from '../testing/agent-fixture.ts';
import type { TestCluster } from '../testing/agent-fixture.ts';
import type { ScriptedHub } from '../testing/scripted-hub.ts';
import { startScriptedHub } from '../testing/scripted-hub.ts';

let test: TestCluster;
let hub: ScriptedHub;
let agent: Agent;

beforeAll(async () => {
  [test, hub] = await Promise.all([startTestCluster(), startScriptedHub()]);
  await test.admin.apply(VIRTUAL_SERVICES, virtualService('theirs'), { fieldManager: 'argocd' });
  await test.admin.create(RESOURCES.deployments, workload());
  hub.publish({ objects: [virtualService('ours')] });
  agent = await startTestAgent(test, hub);
  await until(() => hub.acknowledged?.revision === 1);
});
afterAll(async () => {
  await agent.stop();
  await hub.close();
  await test.close();
});

const labels = { app: 'web' };
const workload = (): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'hunter2' } },
  spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app:1', env: [{ name: 'PASSWORD', value: 'hunter2' }] }] } } },
});
const resultOf = <T>(answer: TaskAnswer): T => {
  expect(answer).toMatchObject({ status: 'DONE' });
  return (answer as { result: T }).result; // DONE, as just expected
};
const dryRun = async (objects: readonly KubeObject[], conflicts: 'REPORT' | 'FORCE' = 'REPORT'): Promise<DryRunResult['objects']> => resultOf<DryRunResult>(await hub.ask('DRY_RUN', { objects, conflicts })).objects;
const inspect = async (key: string): Promise<InspectResult> => resultOf<InspectResult>(await hub.ask('INSPECT', { key }));
const versionOf = async (name: string): Promise<string | undefined> =>
  (await test.admin.get(VIRTUAL_SERVICES, 'shop', name).catch((error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error as Error))))?.metadata.resourceVersion;

describe('a dry run in the cluster', () => {
  it('says of each object what an apply would do, shows both sides, and stores nothing', async () => {
    const before = [await versionOf('ours'), await versionOf('theirs')];
    const bad = { ...virtualService('bad'), spec: { hosts: 'no list' } };
    const unknown: KubeObject = { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'default', namespace: 'shop' }, spec: {} };
    const lost = { ...virtualService('lost'), metadata: { name: 'lost', namespace: 'nowhere' } };
    const found = await dryRun([virtualService('fresh'), virtualService('ours'), virtualService('ours', 'changed'), virtualService('theirs', 'mine'), bad, unknown, lost]);
    expect(found.map(({ outcome, reason }) => `${outcome} ${reason}`)).toEqual(['CREATED ', 'UNCHANGED ', 'CHANGED ', 'CONFLICT Conflict', 'REFUSED Invalid', 'KIND_NOT_SERVED KindNotServed', 'REFUSED NamespaceNotFound']);
    expect(found[0]).toMatchObject({ key: keyOf('fresh'), wouldBe: { kind: 'VirtualService', spec: { hosts: ['fresh'] } } });
    expect(found[0]?.live).toBeUndefined();
    expect(found[2]).toMatchObject({ live: { spec: { hosts: ['ours'] } }, wouldBe: { spec: { hosts: ['changed'] }, metadata: { labels: { 'meshfleet.io/managed': 'true' } } } });
    expect(found[2]?.wouldBe?.['metadata']).not.toHaveProperty('managedFields');
    expect(found[3]?.conflicts).toContainEqual({ manager: 'argocd', field: '.spec.hosts' });
    expect(found[3]).toMatchObject({ live: { spec: { hosts: ['theirs'] } }, wouldBe: { spec: { hosts: ['mine'] } } });
    expect([await versionOf('ours'), await versionOf('theirs'), await versionOf('fresh')]).toEqual([...before, undefined]);
  });

  it('takes by FORCE what the policy would take', async () => {
    expect(await dryRun([virtualService('theirs', 'mine')], 'FORCE')).toMatchObject([{ outcome: 'CHANGED', conflicts: [], wouldBe: { spec: { hosts: ['mine'] } } }]);
    expect((await test.admin.get(VIRTUAL_SERVICES, 'shop', 'theirs'))['spec']).toMatchObject({ hosts: ['theirs'] });
  });

  it('of labels waits for no object that is missing, and shows nothing but labels', async () => {
    const label = (name: string): KubeObject => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'shop', labels: { tier: 'front' } } });
    const found = await dryRun([label('web'), label('none'), { ...workload(), metadata: { name: 'web', namespace: 'shop' } }]);
    expect(found.map(({ outcome, reason }) => `${outcome} ${reason}`)).toEqual(['CHANGED ', 'REFUSED ObjectMissing', 'REFUSED ModeRefused']);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  it('leaves out bodies before the answer grows too large, and says so', async () => {
    const large = (name: string): KubeObject => ({ ...virtualService(name), metadata: { name, namespace: 'shop', annotations: { long: 'x'.repeat(60_000) } } });
    const found = await dryRun([...Array.from({ length: 30 }, (_, index) => large(`large-${String(index)}`)), { ...large('huge'), metadata: { name: 'huge', namespace: 'shop', annotations: { long: 'x'.repeat(100_000) } } }]);
    expect(found.every(({ outcome }) => outcome === 'CREATED')).toBe(true);
    expect(found.filter(({ truncated }) => truncated === true).length).toBeGreaterThan(1);
    expect(found.at(-1)).toMatchObject({ truncated: true });
    expect(JSON.stringify(found).length).toBeLessThan(1_700_000);
  });
});

describe('a look at one object', () => {
  it('shows it as it is, who holds which fields, what its status says and what happened to it', async () => {
    const live = await test.admin.get(VIRTUAL_SERVICES, 'shop', 'theirs');
    const { name, uid } = live.metadata;
    await test.admin.create(RESOURCES.events, {
      apiVersion: 'v1', kind: 'Event', metadata: { name: 'theirs.1', namespace: 'shop' }, type: 'Warning', reason: 'Refused', message: 'a webhook said no', count: 3, lastTimestamp: '2026-01-01T00:00:00Z', source: { component: 'istiod' },
      involvedObject: { apiVersion: live.apiVersion, kind: live.kind, namespace: 'shop', name, uid },
    });
    const found = await inspect(keyOf('theirs'));
    expect(found).toMatchObject({ found: true, object: { metadata: { name: 'theirs', uid }, spec: { hosts: ['theirs'] } }, health: { state: 'HEALTHY' } });
    expect(found.managers.find(({ manager }) => manager === 'argocd')).toMatchObject({ operation: 'Apply', fields: expect.arrayContaining(['.spec.hosts']) as string[] });
    expect(found.events).toEqual([{ type: 'Warning', reason: 'Refused', message: 'a webhook said no', count: 3, lastSeen: '2026-01-01T00:00:00Z', source: 'istiod' }]);
  });

  it('of a workload shows nothing of its containers', async () => {
    const found = await inspect('Deployment.apps/shop/web');
    expect(found).toMatchObject({ found: true, object: { metadata: { name: 'web' }, spec: { template: { metadata: { labels } } } } });
    expect(found.health).toBeUndefined();
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  it('says that there is none', async () => {
    expect(await inspect(keyOf('none'))).toEqual({ found: false, managers: [], conditions: [] });
  });

  it.each(['Secret/meshfleet-system/meshfleet-agent-identity', 'Lease.coordination.k8s.io/meshfleet-system/meshfleet-agent', 'no key at all', 'ConfigMap/kube-system/x'])('never shows %s', async (key) => {
    const requests = test.cluster.auditLog().length;
    expect(await inspect(key)).toMatchObject({ found: false, refused: { message: expect.any(String) as string } });
    expect(test.cluster.auditLog().slice(requests).filter(({ user, verb, resource }) => user.includes('meshfleet-agent') && verb === 'get' && !['', 'leases'].includes(resource))).toEqual([]); // what version its API server is, it asks by itself
  });

  it('is no way around for a dry run either', async () => {
    const secret: KubeObject = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'meshfleet-agent-identity', namespace: 'meshfleet-system' } };
    expect(await dryRun([secret])).toMatchObject([{ outcome: 'REFUSED', reason: 'KindNotManaged' }]);
  });
});

describe('questions of the hub', () => {
  it('of a kind that only a newer hub knows are answered, so that nobody waits', async () => {
    expect(await hub.ask('TELEPORT', {})).toMatchObject({ status: 'FAILED', error: { reason: 'KindUnknown' } });
    expect(await hub.ask('DRY_RUN', { objects: 'all' })).toMatchObject({ status: 'FAILED', error: { reason: 'INVALID_INPUT' } });
  });

  it('that nobody waits for any longer are not worked on', async () => {
    const late = hub.ask('INSPECT', { key: keyOf('ours') }, { withinMs: -1_000, quietly: true });
    const inTime = hub.ask('INSPECT', { key: keyOf('theirs') });
    await inTime;
    expect(await Promise.race([late.then(() => 'answered'), inTime.then(() => 'not answered')])).toBe('not answered');
  });

  it('come by poll as well, beside events that this agent does not know', async () => {
    const other = await startScriptedHub();
    other.streamsCut = true;
    const polled = await startTestCluster();
    const polling = await startTestAgent(polled, other);
    try {
      await until(() => other.requests.some(({ path }) => path === '/agent/v1/poll'));
      other.say('teleport', { to: 'mars' });
      other.say('control', { type: 'dance' });
      expect(resultOf<InspectResult>(await other.ask('INSPECT', { key: keyOf('none') }))).toMatchObject({ found: false });
      expect(polling.status).toMatchObject({ hub: 'connected', by: 'poll' });
    } finally {
      await polling.stop();
      await other.close();
      await polled.close();
    }
  });
});
