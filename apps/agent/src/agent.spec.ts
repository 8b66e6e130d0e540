import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { createHolderIdentity, isNotFound } from '@meshfleet/kube';
import type { Agent } from './agent.ts';
import { isReady } from './probes/status.ts';
import { keyOf, spawnAgent, startTestAgent, startTestCluster, until, VIRTUAL_SERVICES, virtualService } from './testing/agent-fixture.ts';
import type { TestCluster } from './testing/agent-fixture.ts';
import type { ScriptedHub } from './testing/scripted-hub.ts';
import { selfSigned } from './testing/self-signed.ts';
import { POLICY, startScriptedHub } from './testing/scripted-hub.ts';

let test: TestCluster;
let hub: ScriptedHub;
const agents: Agent[] = [];

beforeEach(async () => {
  [test, hub] = await Promise.all([startTestCluster(), startScriptedHub()]);
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop();
  await hub.close();
  await test.close();
});

async function start(more: Parameters<typeof startTestAgent>[2] = {}): Promise<Agent> {
  const agent = await startTestAgent(test, hub, more);
  agents.push(agent);
  return agent;
}
const stop = async (agent: Agent) => {
  agents.splice(agents.indexOf(agent), 1);
  await agent.stop();
};
const live = async (name: string): Promise<KubeObject | undefined> => test.admin.get(VIRTUAL_SERVICES, 'shop', name).catch((error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error as Error)));
const acked = (revision: number) => until(() => hub.acknowledged?.revision === revision);
const hostsOf = (object: KubeObject | undefined): unknown => (object?.['spec'] as { hosts?: unknown } | undefined)?.hosts;
const tamper = async (name: string, hosts: string[]) => {
  const object = await live(name);
  await test.admin.update(VIRTUAL_SERVICES, { ...(object as KubeObject), spec: { ...((object as KubeObject)['spec'] as object), hosts } });
};

describe('an agent in its cluster', () => {
  it('does not say that its inventory shows a revision while its watches have yet to show what it applied for it', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    await start();
    const shows = (revision: number): boolean => hub.reports.some(({ inventory }) => inventory?.asOf === revision);
    await until(() => shows(1));
    test.cluster.faults?.stallWatches();
    hub.publish({ objects: [virtualService('reviews'), virtualService('ratings')] });
    await acked(2);
    await sleep(1_000);
    expect([shows(2), hub.inventory.has('VirtualService.networking.istio.io/shop/ratings')]).toEqual([false, false]);
    test.cluster.faults?.resume();
    await until(() => shows(2));
    expect(hub.inventory.has('VirtualService.networking.istio.io/shop/ratings')).toBe(true);
  });

  it('enrols, applies, marks what it owns, acknowledges, and asks for nothing that deploy/agent does not grant', async () => {
    hub.publish({ objects: [virtualService('reviews'), virtualService('ratings')] });
    const agent = await start();
    await acked(1);
    expect(hub.acknowledged?.revision).toBe(1);
    const object = await live('reviews');
    expect(object?.metadata.labels).toMatchObject({ 'meshfleet.io/managed': 'true' });
    expect(object?.metadata.annotations).toMatchObject({ 'meshfleet.io/policy': POLICY, 'meshfleet.io/origin': 'created' });
    await until(() => hub.inventory.has(keyOf('reviews')) && hub.reports.some((report) => report.facts !== undefined));
    expect(hub.inventory.get('Namespace/shop')).toMatchObject({ phase: 'Active' });
    expect(hub.inventory.get(keyOf('reviews'))).toMatchObject({ managedBy: 'meshfleet', policyId: POLICY });
    const facts = hub.reports.find((report) => report.facts !== undefined)?.facts;
    expect(facts).toMatchObject({ nodeCount: 2 });
    expect(facts?.servedKinds).toContain('networking.istio.io/v1/VirtualService');
    expect(agent.status).toMatchObject({ role: 'acting', lifecycle: 'enrolled', hub: 'connected' });
    expect(test.cluster.auditLog().filter((event) => event.user.includes('meshfleet-agent') && event.code === 403)).toEqual([]);
  });

  it('puts back what somebody changed and names who; and creates again what somebody deleted', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    await start();
    await acked(1);
    await tamper('reviews', ['evil']);
    await until(() => hub.conditions.get(keyOf('reviews'))?.status === 'CORRECTED');
    expect(hub.conditions.get(keyOf('reviews'))).toMatchObject({ status: 'CORRECTED', reason: 'FieldsChanged', fields: ['.spec.hosts[0]'] });
    expect(hub.conditions.get(keyOf('reviews'))?.manager).toBeDefined();
    expect(hostsOf(await live('reviews'))).toEqual(['reviews']);
    const object = await live('reviews');
    await test.admin.delete(VIRTUAL_SERVICES, 'shop', 'reviews', { uid: object?.metadata.uid ?? '' });
    await until(() => hub.conditions.get(keyOf('reviews'))?.reason === 'Deleted');
    expect(hub.conditions.get(keyOf('reviews'))).toMatchObject({ status: 'CORRECTED', reason: 'Deleted' });
    expect((await live('reviews'))?.metadata.uid).not.toBe(object?.metadata.uid);
  });

  it('only reports drift where the policy says so, and says when it is over', async () => {
    hub.publish({ objects: [virtualService('reviews')], drift: 'REPORT' });
    await start();
    await acked(1);
    await tamper('reviews', ['mine']);
    await until(() => hub.conditions.has(keyOf('reviews')));
    expect(hub.conditions.get(keyOf('reviews'))).toMatchObject({ status: 'DRIFTED', reason: 'FieldsChanged' });
    expect(hostsOf(await live('reviews'))).toEqual(['mine']);
    await tamper('reviews', ['reviews']);
    await until(() => !hub.conditions.has(keyOf('reviews')));
    expect(hub.conditions.size).toBe(0);
  });

  it('reports another manager\'s fields as a conflict, and takes them only by FORCE', async () => {
    await test.admin.apply(VIRTUAL_SERVICES, virtualService('reviews', 'theirs'), { fieldManager: 'argocd' });
    hub.publish({ objects: [virtualService('reviews'), virtualService('ratings')] });
    await start();
    await acked(1);
    expect(hub.conditions.get(keyOf('reviews'))).toMatchObject({ status: 'FAILED', reason: 'Conflict', manager: 'argocd' });
    expect(hub.conditions.get(keyOf('reviews'))?.fields).toContain('.spec.hosts');
    expect(hostsOf(await live('reviews'))).toEqual(['theirs']);
    expect(await live('ratings')).toBeDefined();
    hub.publish({ objects: [virtualService('reviews'), virtualService('ratings')], conflicts: 'FORCE' });
    await acked(2);
    expect(hostsOf(await live('reviews'))).toEqual(['reviews']);
    expect(hub.conditions.size).toBe(0);
  });

  it('does not take after a restart what it was refused before', async () => {
    await test.admin.apply(VIRTUAL_SERVICES, virtualService('reviews', 'theirs'), { fieldManager: 'argocd' });
    hub.publish({ objects: [virtualService('reviews'), virtualService('ratings')] });
    const first = await start();
    await acked(1);
    await stop(first);
    const before = hub.reports.length;
    await start();
    await until(() => hub.reports.slice(before).some(({ digest }) => digest !== undefined));
    expect(hub.conditions.get(keyOf('reviews'))).toMatchObject({ status: 'FAILED', reason: 'Conflict', manager: 'argocd' });
    expect(hostsOf(await live('reviews'))).toEqual(['theirs']);
  });

  it('lets one object fail without holding up the others, and applies it when what it lacks has come', async () => {
    const inLater = { ...virtualService('late'), metadata: { name: 'late', namespace: 'later' } };
    hub.publish({ objects: [inLater, virtualService('reviews'), { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'bad', namespace: 'shop' }, spec: { hosts: 'no list' } }] });
    await start();
    await acked(1);
    expect(await live('reviews')).toBeDefined();
    expect(hub.conditions.get(keyOf('bad'))).toMatchObject({ status: 'FAILED', reason: 'Invalid' });
    expect(hub.conditions.get('VirtualService.networking.istio.io/later/late')).toMatchObject({ status: 'FAILED', reason: 'NamespaceNotFound' });
    await test.admin.create({ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false }, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'later' } });
    await until(() => !hub.conditions.has('VirtualService.networking.istio.io/later/late'));
    expect([...hub.conditions.keys()]).toEqual([keyOf('bad')]);
  });

  it('changes nothing in OBSERVE mode, and does what was observed when a person resumes', async () => {
    hub.publish({ objects: [virtualService('reviews'), virtualService('old')] });
    await start();
    await acked(1);
    await tamper('reviews', ['mine']);
    await until(async () => hostsOf(await live('reviews'))?.toString() === 'reviews' && hub.conditions.size > 0);
    hub.publish({ objects: [virtualService('reviews', 'new'), virtualService('fresh')], tombstones: [keyOf('old')], mode: 'OBSERVE', epoch: 2 });
    await until(() => hub.conditions.get(keyOf('fresh'))?.status === 'DRIFTED');
    expect(hub.conditions.get(keyOf('fresh'))).toMatchObject({ status: 'DRIFTED', reason: 'NotApplied' });
    expect(await live('fresh')).toBeUndefined();
    expect(await live('old')).toBeDefined();
    expect(hostsOf(await live('reviews'))).toEqual(['reviews']);
    hub.publish({ objects: [virtualService('reviews', 'new'), virtualService('fresh')], tombstones: [keyOf('old')], revision: 2, epoch: 2 });
    await until(() => hub.acknowledged?.epoch === 2);
    expect(hub.acknowledged).toMatchObject({ epoch: 2, revision: 2 });
    expect(await live('old')).toBeUndefined();
    expect(hostsOf(await live('reviews'))).toEqual(['new']);
  });
});

describe('deletion', () => {
  it('takes exactly what tombstones name and this policy created', async () => {
    await test.admin.apply(VIRTUAL_SERVICES, virtualService('theirs'), { fieldManager: 'argocd' });
    await test.admin.apply(VIRTUAL_SERVICES, virtualService('adopted'), { fieldManager: 'argocd' });
    const objects = [virtualService('one'), virtualService('two'), virtualService('adopted')];
    hub.publish({ objects });
    await start();
    await acked(1);
    expect((await live('adopted'))?.metadata.annotations).toMatchObject({ 'meshfleet.io/origin': 'adopted' });
    hub.publish({ objects: [virtualService('two')], tombstones: [keyOf('one'), keyOf('adopted'), keyOf('theirs'), keyOf('never-was')] });
    await acked(2);
    expect(await live('one')).toBeUndefined();
    expect(await live('two')).toBeDefined();
    expect(await live('theirs')).toBeDefined();
    const released = await live('adopted');
    expect(hostsOf(released)).toEqual(['adopted']);
    expect(released?.metadata.labels?.['meshfleet.io/managed']).toBeUndefined();
    expect(hub.conditions.size).toBe(0);
  });

  it('gives an adopted object back valid: what was taken is as it was, the rest of ours goes', async () => {
    const entries = { group: 'networking.istio.io', version: 'v1', kind: 'ServiceEntry', plural: 'serviceentries', namespaced: true };
    const entry = (host: string, more: object = {}): KubeObject => ({ apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata: { name: 'bank', namespace: 'shop' }, spec: { hosts: [host], ...more } });
    await test.admin.apply(entries, entry('theirs.example.com'), { fieldManager: 'argocd' });
    hub.publish({ objects: [entry('ours.example.com', { location: 'MESH_EXTERNAL' })], conflicts: 'FORCE' });
    await start();
    await acked(1);
    hub.publish({ objects: [], tombstones: ['ServiceEntry.networking.istio.io/shop/bank'] });
    await acked(2);
    expect(hub.conditions.size).toBe(0);
    const released = await test.admin.get(entries, 'shop', 'bank');
    expect(hostsOf(released)).toEqual(['theirs.example.com']);
    expect(released['spec']).not.toHaveProperty('location');
    expect(released.metadata.labels?.['meshfleet.io/managed']).toBeUndefined();
    expect((released.metadata.managedFields ?? []).map(({ manager }) => manager)).not.toContain('meshfleet');
  });

  it('lets be what left the desired state without a tombstone', async () => {
    hub.publish({ objects: [virtualService('one'), virtualService('two')] });
    await start();
    await acked(1);
    hub.publish({ objects: [] });
    await acked(2);
    expect(await live('one')).toBeDefined();
    expect(await live('two')).toBeDefined();
  });

  it('holds more deletions than the guard allows, all of them, until a person approves', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    hub.publish({ objects: names.map((name) => virtualService(name)) });
    await start();
    await acked(1);
    const tombstones = names.map(keyOf);
    hub.publish({ objects: [virtualService('g')], tombstones });
    await acked(2);
    expect(hub.conditions.get(keyOf('a'))).toMatchObject({ status: 'FAILED', reason: 'DeletionGuard' });
    expect(await live('g')).toBeDefined();
    for (const name of names) expect(await live(name)).toBeDefined();
    hub.publish({ objects: [virtualService('g')], tombstones, revision: 2, approvedDeletions: 6 });
    await until(async () => (await live('f')) === undefined && hub.conditions.size === 0);
    for (const name of names) expect(await live(name)).toBeUndefined();
    expect(hub.conditions.size).toBe(0);
  });
});

it('started again says nothing less than before: deletions that are held stay so', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  hub.publish({ objects: names.map((name) => virtualService(name)) });
  const first = await start();
  await acked(1);
  hub.publish({ objects: [], tombstones: names.map(keyOf) });
  await acked(2);
  await first.stop();
  const before = hub.reports.length;
  await start();
  await until(() => hub.reports.slice(before).some(({ conditions }) => conditions.full));
  const [full] = hub.reports.slice(before).filter(({ conditions }) => conditions.full);
  expect(full?.conditions.items.map(({ reason }) => reason)).toEqual(names.map(() => 'DeletionGuard'));
});

describe('a hub that attacks', () => {
  const spoilers: Record<string, (hub: ScriptedHub) => void> = {
    'an unsigned state': (h) => h.spoil((answer) => (answer.signature = undefined)),
    'a state signed for another text': (h) => h.spoil((answer) => (answer.body = answer.body.replace('"mode":"ENFORCE"', '"mode":"OBSERVE"'))),
    'an empty body': (h) => h.spoil((answer) => (answer.body = '')),
    'an empty object': (h) => h.spoil((answer) => (answer.body = '{}')),
    'half a state': (h) => h.spoil((answer) => (answer.body = answer.body.slice(0, answer.body.length / 2))),
    'a state cut on the way': (h) => h.spoil((answer) => (answer.cutAfter = 60)),
    'something that is not JSON': (h) => h.spoil((answer) => (answer.body = '<html>502 Bad Gateway</html>')),
  };
  for (const [what, spoil] of Object.entries(spoilers)) {
    it(`deletes and changes nothing for ${what}, and goes on when a good one comes`, async () => {
      hub.publish({ objects: [virtualService('one'), virtualService('two')] });
      const agent = await start();
      await acked(1);
      const asked = hub.requests.filter(({ path }) => path === '/agent/v1/state').length;
      spoil(hub);
      hub.publish({ objects: [virtualService('two', 'changed')], tombstones: [keyOf('one')] });
      await until(() => hub.requests.filter(({ path }) => path === '/agent/v1/state').length >= asked + 2);
      expect(agent.status.revision).toBe(1);
      expect(await live('one')).toBeDefined();
      expect(hostsOf(await live('two'))).toEqual(['two']);
      hub.spoil(undefined);
      await acked(2);
      expect(await live('one')).toBeUndefined();
    });
  }

  it('refuses a replayed, an older and an older-epoch state, also after a restart', async () => {
    const replay: { body?: string; signature?: string | undefined } = {};
    hub.spoil((answer) => Object.assign(replay, { body: answer.body, signature: answer.signature }));
    // The bytes of revision 1, which tombstones `two`: recorded, to be played again later.
    hub.publish({ objects: [virtualService('one')], tombstones: [keyOf('two')], epoch: 3 });
    let agent = await start();
    await acked(1);
    hub.spoil(undefined);
    hub.publish({ objects: [virtualService('one'), virtualService('two')], epoch: 3 });
    await acked(2);
    const refusedBefore = agent.status.refusedStates;
    hub.spoil((answer) => Object.assign(answer, replay));
    hub.publish({ objects: [], epoch: 3 });
    await until(() => agent.status.refusedStates > refusedBefore);
    expect(agent.status.refusedStates).toBeGreaterThan(refusedBefore);
    expect(await live('two')).toBeDefined();
    await stop(agent);
    agent = await start();
    await until(() => agent.status.refusedStates > 0);
    expect(agent.status.revision).toBe(2);
    expect(await live('two')).toBeDefined();
    hub.spoil(undefined);
    hub.publish({ objects: [], tombstones: [keyOf('one'), keyOf('two')], epoch: 2, revision: 99 });
    const seen = agent.status.refusedStates;
    await until(() => agent.status.refusedStates > seen);
    expect(await live('one')).toBeDefined();
    expect(await live('two')).toBeDefined();
  });
});

describe('an agent without its hub', () => {
  it('defends the last state while the hub is gone, over its own restart too, and catches up after', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    let agent = await start();
    await acked(1);
    await hub.goAway();
    await until(() => agent.status.hub === 'disconnected');
    await stop(agent);
    await tamper('reviews', ['evil']);
    agent = await start();
    await until(async () => hostsOf(await live('reviews'))?.toString() === 'reviews');
    expect(hostsOf(await live('reviews'))).toEqual(['reviews']);
    await hub.comeBack();
    await until(() => hub.conditions.get(keyOf('reviews'))?.status === 'CORRECTED');
    expect(hub.conditions.get(keyOf('reviews'))).toMatchObject({ status: 'CORRECTED', reason: 'FieldsChanged' });
    expect(hub.enrolments).toBe(1);
  });

  it('fetches nothing again and writes nothing when hub and agent come back unchanged', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    const agent = await start();
    await acked(1);
    const version = (await live('reviews'))?.metadata.resourceVersion;
    await stop(agent);
    await hub.goAway();
    await hub.comeBack();
    const before = hub.requests.length;
    const again = await start();
    await until(() => again.status.hub === 'connected' && hub.reports.length > 1);
    expect(hub.requests.slice(before).filter(({ path }) => path === '/agent/v1/state')).toEqual([]);
    expect((await live('reviews'))?.metadata.resourceVersion).toBe(version);
  });

  it('polls where streams are cut again and again', async () => {
    hub.streamsCut = true;
    const agent = await start();
    await until(() => agent.status.hub === 'connected');
    expect(agent.status.by).toBe('poll');
    hub.publish({ objects: [virtualService('reviews')] });
    await acked(1);
    expect(await live('reviews')).toBeDefined();
  });

  it('talks to no hub whose certificate changed to one that it does not trust, and defends the state meanwhile', async () => {
    const [first, second] = [await selfSigned(), await selfSigned()];
    await hub.close();
    hub = await startScriptedHub({ tls: first });
    hub.publish({ objects: [virtualService('reviews')] });
    const agent = await start({ config: { hubCaPem: first.certPem } });
    await acked(1);
    await hub.goAway();
    await hub.comeBack(second);
    hub.publish({ objects: [], tombstones: [keyOf('reviews')] });
    const asked = hub.requests.length;
    await until(() => agent.status.hub === 'disconnected');
    await tamper('reviews', ['evil']);
    await until(async () => hostsOf(await live('reviews'))?.toString() === 'reviews');
    expect(hostsOf(await live('reviews'))).toEqual(['reviews']);
    expect(hub.requests.length).toBe(asked);
    await hub.goAway();
    await hub.comeBack(first);
    await acked(2);
    expect(await live('reviews')).toBeUndefined();
  });

  it('corrects its clock from the hub\'s', async () => {
    hub.skewMs = -7_200_000;
    hub.publish({ objects: [virtualService('reviews')] });
    await start();
    await acked(1);
    expect(hub.acknowledged?.revision).toBe(1);
  });
});

describe('an agent that is killed', () => {
  it('in the middle of an apply goes on where it was: every object once, and none forgotten', async () => {
    const objects = Array.from({ length: 40 }, (_, index) => virtualService(`v${String(index)}`));
    hub.publish({ objects });
    // The bundle as a process, because kill -9 takes a process.
    const process = await spawnAgent(test, hub);
    await until(async () => (await live('v3')) !== undefined, 25_000);
    const gone = once(process, 'exit');
    process.kill('SIGKILL');
    await gone;
    const uid = (await live('v3'))?.metadata.uid;
    // On the same host, where it can be seen that the holder of the Lease is dead.
    await start({ holder: createHolderIdentity({ inPod: false }) });
    await acked(1);
    expect(hub.acknowledged?.revision).toBe(1);
    expect(uid).toBeDefined();
    for (const { metadata } of objects) expect((await live(metadata.name ?? ''))?.metadata.annotations).toMatchObject({ 'meshfleet.io/origin': 'created' });
    expect((await live('v3'))?.metadata.uid).toBe(uid);
    expect(hub.conditions.size).toBe(0);
    expect(hub.enrolments).toBe(1);
  });
});

describe('who the agent is', () => {
  it('waits while a person has yet to approve it: reads nothing, applies nothing, and starts when told', async () => {
    hub.pending = true;
    hub.publish({ objects: [virtualService('reviews')] });
    const agent = await start();
    await until(() => agent.status.hub === 'connected');
    expect(await live('reviews')).toBeUndefined();
    hub.approve();
    await acked(1);
    expect(await live('reviews')).toBeDefined();
    expect(agent.status.lifecycle).toBe('enrolled');
    expect(hub.enrolments).toBe(1);
  });


  it('enrols once although the answer was lost, with the same keys', async () => {
    hub.loseAnswer('/agent/v1/enroll');
    hub.publish({ objects: [virtualService('reviews')] });
    await start();
    await acked(1);
    expect(hub.enrolments).toBe(2);
    expect(hub.acknowledged?.revision).toBe(1);
  });

  it('counts reports upward over restarts, and jumps past what the hub has seen', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    const agent = await start();
    await acked(1);
    await stop(agent);
    hub.reportSeq += 50_000_000_000;
    await start();
    hub.publish({ objects: [virtualService('reviews'), virtualService('ratings')] });
    await acked(2);
    expect(hub.acknowledged?.revision).toBe(2);
    const seqs = hub.reports.map((report) => report.seq);
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  });

  it('replaces its keys, and finds the valid pair when the answer was lost', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    let agent = await start();
    await acked(1);
    await stop(agent);
    // An identity whose keys were made long ago.
    const secrets = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };
    const secret = await test.admin.get(secrets, 'meshfleet-system', 'meshfleet-agent-identity');
    const data = secret['data'] as { content: string };
    const identity = JSON.parse(Buffer.from(data.content, 'base64').toString()) as { keys: { createdAt: string } };
    identity.keys.createdAt = '2020-01-01T00:00:00.000Z';
    await test.admin.update(secrets, { ...secret, data: { content: Buffer.from(JSON.stringify(identity)).toString('base64') } });
    hub.loseAnswer('/agent/v1/keys');
    agent = await start();
    await until(() => hub.requests.some(({ path }) => path === '/agent/v1/keys'));
    await stop(agent);
    await start();
    hub.publish({ objects: [virtualService('ratings')] });
    await acked(2);
    expect(hub.acknowledged?.revision).toBe(2);
    expect(hub.enrolments).toBe(1);
  });

  it('stops when evicted, leaves objects as they are, and corrects them no longer', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    let agent = await start();
    await acked(1);
    hub.control('evicted');
    await until(() => agent.status.lifecycle === 'evicted');
    const lease = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true };
    const holder = async () => ((await test.admin.get(lease, 'meshfleet-system', 'meshfleet-agent'))['spec'] as { holderIdentity?: string }).holderIdentity;
    await until(async () => (await holder()) === '');
    expect([await holder(), isReady(agent.status)]).toEqual(['', false]);
    await tamper('reviews', ['mine']);
    await stop(agent);
    agent = await start();
    await until(() => agent.status.lifecycle === 'evicted');
    expect(agent.status.lifecycle).toBe('evicted');
    expect(hostsOf(await live('reviews'))).toEqual(['mine']);
  });

  it('goes on defending what is there while in quarantine, and hears when that ends', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    const agent = await start();
    await acked(1);
    hub.refuse({ status: 403, code: 'CLUSTER_QUARANTINED' });
    hub.control('quarantined');
    await until(() => agent.status.lifecycle === 'quarantined');
    await tamper('reviews', ['evil']);
    await until(async () => hostsOf(await live('reviews'))?.toString() === 'reviews');
    expect(hostsOf(await live('reviews'))).toEqual(['reviews']);
    hub.refuse(undefined);
    hub.publish({ objects: [virtualService('reviews', 'after')] });
    await until(async () => hostsOf(await live('reviews'))?.toString() === 'after');
    expect(agent.status.lifecycle).toBe('enrolled');
  });

  it('acts once though two agents run, and the second takes over when the first goes', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    const first = await start();
    await acked(1);
    const lease = { durationMs: 3_000, renewMs: 100 };
    const second = await start({ lease, holder: createHolderIdentity({ inPod: false, host: 'other-host', pid: 1 }) });
    await until(() => second.status.role === 'standby');
    expect([first.status.role, second.status.role]).toEqual(['acting', 'standby']);
    await stop(first);
    await until(() => second.status.role === 'acting' && second.status.hub === 'connected');
    hub.publish({ objects: [virtualService('ratings')] });
    await acked(2);
    expect(hub.acknowledged?.revision).toBe(2);
    expect(hub.enrolments).toBe(1);
  });
});

it('a wrong token is said, not hammered', async () => {
  const agent = await start({ config: { joinToken: `${hub.joinToken.slice(0, -43)}${'x'.repeat(43)}` } });
  await until(() => hub.requests.length > 1, 2_500);
  expect(hub.requests.length).toBeLessThanOrEqual(4);
  expect(agent.status.lifecycle).toBe('new');
});
