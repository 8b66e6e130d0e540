import type { AuditedRequest } from '@meshfleet/cluster-real';
import { gatewayApiCustomResourceDefinitions, istioCustomResourceDefinitions, sailCustomResourceDefinitions } from '@meshfleet/istio';
import { createHolderIdentity, RESOURCES } from '@meshfleet/kube';
import { linkerdCustomResourceDefinitions } from '@meshfleet/linkerd';
import { formatObjectKey, objectKeyOf } from '@meshfleet/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Agent } from '../../apps/agent/src/agent.ts';
import { keyOf, startTestAgent, startTestCluster, until, VIRTUAL_SERVICES, virtualService, type TestCluster } from '../../apps/agent/src/testing/agent-fixture.ts';
import { startScriptedHub, type ScriptedHub } from '../../apps/agent/src/testing/scripted-hub.ts';
import { labelOfEachKind, oneOfEachKind, ownedObjects } from './agent-role/one-of-each-kind.ts';
import { grantedPermissions, usedPermissions } from './agent-role/permissions.ts';

const LEASE = { durationMs: 3_000, renewMs: 200 };
const EACH = [...oneOfEachKind(), ...labelOfEachKind()];
const keys = EACH.map((object) => formatObjectKey(objectKeyOf(object)));

let test: TestCluster;
let hub: ScriptedHub;
const agents: Agent[] = [];
beforeAll(async () => {
  const crds = [...istioCustomResourceDefinitions(), ...gatewayApiCustomResourceDefinitions('experimental'), ...sailCustomResourceDefinitions(), ...linkerdCustomResourceDefinitions()];
  [test, hub] = await Promise.all([startTestCluster({ crds, objects: ownedObjects() }), startScriptedHub()]);
}, 120_000);
afterAll(async () => {
  for (const agent of agents) await agent.stop();
  await hub.close();
  await test.close();
}, 60_000);

it("uses everything that deploy/agent's roles grant, and is refused nothing", { retry: 0, timeout: 180_000 }, async () => {
  // Enrol; one of each managed kind.
  hub.publish({ objects: EACH });
  const first = await start('first');
  await acknowledged();
  expect([...hub.conditions.values()].map(({ key, reason, message }) => `${key} ${reason} ${message}`)).toEqual([]);
  await until(() => keys.every((key) => hub.inventory.has(key)), 30_000);

  // Tamper, and see it put back.
  await test.admin.apply(VIRTUAL_SERVICES, { ...virtualService('one', 'evil') }, { fieldManager: 'attacker', force: true });
  await until(() => hub.conditions.get(keyOf('one'))?.status === 'CORRECTED', 30_000);
  expect(hub.conditions.get(keyOf('one'))).toMatchObject({ status: 'CORRECTED', manager: 'attacker' });

  // Adopt, and release.
  await test.admin.apply(VIRTUAL_SERVICES, virtualService('theirs'), { fieldManager: 'argocd' });
  hub.publish({ objects: [...EACH, virtualService('theirs')] });
  await acknowledged();
  hub.publish({ objects: EACH, tombstones: [keyOf('theirs')] });
  await acknowledged();
  expect((await test.admin.get(VIRTUAL_SERVICES, 'shop', 'theirs')).metadata.labels?.['meshfleet.io/managed']).toBeUndefined();

  // A person asks what an apply would do, and looks at an object.
  expect(await hub.ask('DRY_RUN', { objects: [virtualService('two')], conflicts: 'REPORT' })).toMatchObject({ status: 'DONE' });
  expect(await hub.ask('INSPECT', { key: keyOf('one') })).toMatchObject({ status: 'DONE', result: { found: true } });

  // A second agent stands by, and takes over with keys that are due.
  const second = await start('second');
  await until(() => second.status.role === 'standby', 20_000);
  // Before the first stops: the second looks at their age as soon as it acts.
  await agePrivateKeys();
  await first.stop();
  await until(() => second.status.role === 'acting' && hub.requests.some(({ path }) => path === '/agent/v1/keys'), 60_000);
  expect(hub.requests.some(({ path }) => path === '/agent/v1/keys')).toBe(true);

  // Withdraw everything.
  hub.publish({ objects: [], tombstones: keys, approvedDeletions: keys.length });
  await acknowledged();
  expect([...hub.conditions.values()].filter(({ status }) => status === 'FAILED')).toEqual([]);

  await until(() => hub.reports.some(({ facts }) => facts !== undefined), 20_000);
  // A watch counts as answered when it is over.
  await second.stop();
  await until(() => usedPermissions(requestsOfAgent()).has('watch services'), 10_000);
  const requests = requestsOfAgent();
  expect(requests.filter(({ code }) => code === 403)).toEqual([]);
  const used = usedPermissions(requests);
  expect(grantedPermissions().filter((permission) => !used.has(permission))).toEqual([]);
});

function requestsOfAgent(): AuditedRequest[] {
  return test.cluster.auditLog().filter(({ user }) => user === 'system:serviceaccount:meshfleet-system:meshfleet-agent');
}

async function start(host: string): Promise<Agent> {
  const agent = await startTestAgent(test, hub, { lease: LEASE, holder: createHolderIdentity({ inPod: false, host, pid: 1 }) });
  agents.push(agent);
  return agent;
}

async function acknowledged(): Promise<void> {
  await until(() => hub.acknowledged?.revision === hub.newest, 60_000);
  expect(hub.acknowledged?.revision).toBe(hub.newest);
}

/** As if the agent's keys had been made years ago. */
async function agePrivateKeys(): Promise<void> {
  const secret = await test.admin.get(RESOURCES.secrets, 'meshfleet-system', 'meshfleet-agent-identity');
  const { content } = secret['data'] as { content: string }; // what the agent itself has written
  const identity = JSON.parse(Buffer.from(content, 'base64').toString()) as { keys: { createdAt: string } };
  identity.keys.createdAt = '2020-01-01T00:00:00.000Z';
  await test.admin.update(RESOURCES.secrets, { ...secret, data: { content: Buffer.from(JSON.stringify(identity)).toString('base64') } });
}
