import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Agent } from '../agent.ts';
import { startTestAgent, startTestCluster, until } from '../testing/agent-fixture.ts';
import type { TestCluster } from '../testing/agent-fixture.ts';
import { startScriptedHub } from '../testing/scripted-hub.ts';
import type { ScriptedHub } from '../testing/scripted-hub.ts';

let test: TestCluster;
let hub: ScriptedHub;
let agent: Agent;

beforeEach(async () => {
  [test, hub] = await Promise.all([startTestCluster(), startScriptedHub()]);
  agent = await startTestAgent(test, hub);
});
afterEach(async () => {
  await agent.stop();
  await hub.close();
  await test.close();
});

it('an agent tells which schemas its cluster serves, and sends those that the hub does not know, once', async () => {
  const digests = () => hub.reports.findLast(({ facts }) => facts?.kindSchemas !== undefined)?.facts?.kindSchemas ?? {};
  await until(() => Object.keys(digests()).length > 0 && Object.values(digests()).every((digest) => hub.schemas.has(digest)));
  const virtualService = hub.schemas.get(digests()['VirtualService.networking.istio.io'] ?? '');
  expect(virtualService).toMatchObject({ group: 'networking.istio.io', kind: 'VirtualService', plural: 'virtualservices', scope: 'Namespaced' });
  expect(virtualService?.versions.some(({ schema }) => Object.keys(schema).length > 0)).toBe(true);
  expect(hub.requests.filter(({ path }) => path === '/agent/v1/schemas')).toHaveLength(new Set(Object.values(digests())).size);
  expect(test.cluster.auditLog().filter((event) => event.user.includes('meshfleet-agent') && event.code === 403)).toEqual([]);
});
