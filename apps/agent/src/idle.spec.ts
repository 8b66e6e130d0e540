import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Agent } from './agent.ts';
import { startTestAgent, startTestCluster, until, virtualService } from './testing/agent-fixture.ts';
import type { TestCluster } from './testing/agent-fixture.ts';
import { startScriptedHub } from './testing/scripted-hub.ts';
import type { ScriptedHub } from './testing/scripted-hub.ts';

let test: TestCluster;
let hub: ScriptedHub;
let agent: Agent | undefined;
beforeEach(async () => {
  [test, hub] = await Promise.all([startTestCluster(), startScriptedHub()]);
});
afterEach(async () => {
  await agent?.stop();
  await hub.close();
  await test.close();
});

/** What the agent asks of its API server, by verb and resource. */
const requests = (): string[] =>
  test.cluster
    .auditLog()
    .filter(({ user }) => user.includes('meshfleet-agent'))
    .map(({ verb, resource }) => `${verb} ${resource}`);
const renewals = () => requests().filter((request) => request === 'update leases').length;

/** Lives through some renewals of the Lease, an agent's only clock that can be seen from outside, and tells what else was asked meanwhile. */
async function otherRequestsDuring(count: number): Promise<{ toApiServer: string[]; toHub: string[] }> {
  const [from, hubFrom, wanted] = [requests().length, hub.requests.length, renewals() + count];
  await until(() => renewals() >= wanted, 30_000);
  expect(renewals()).toBeGreaterThanOrEqual(wanted);
  return { toApiServer: requests().slice(from).filter((request) => request !== 'update leases'), toHub: hub.requests.slice(hubFrom).map(({ method, path }) => `${method} ${path}`) };
}

/** Renews its Lease 35 times as often as it would by itself: everything else goes at its own pace. */
const start = async () => {
  agent = await startTestAgent(test, hub, { lease: { durationMs: 30_000, renewMs: 1_000 }, listenTiming: { silenceMs: 600_000 } });
  await until(() => hub.acknowledged?.revision === 1 && hub.schemas.size > 0 && hub.inventory.size > 0);
  // What was just read and said has its after-effects: facts gather for a second.
  await otherRequestsDuring(4);
};

describe('an agent that has nothing to do', () => {
  it('asks nothing of its API server but to renew its Lease, and says nothing to the hub', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    await start();
    expect(await otherRequestsDuring(6)).toEqual({ toApiServer: [], toHub: [] });
  });

  it('waits for a namespace by the watch that it has, without trying every few seconds', async () => {
    const late = { ...virtualService('late'), metadata: { name: 'late', namespace: 'later' } };
    hub.publish({ objects: [late] });
    await start();
    expect(hub.conditions.get('VirtualService.networking.istio.io/later/late')).toMatchObject({ reason: 'NamespaceNotFound' });
    expect(await otherRequestsDuring(6)).toEqual({ toApiServer: [], toHub: [] });
    await test.admin.create({ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false }, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'later' } });
    await until(() => hub.conditions.size === 0);
    expect(hub.conditions.size).toBe(0);
  });
});
