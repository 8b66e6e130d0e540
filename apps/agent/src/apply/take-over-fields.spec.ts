import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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

const publish = async (name: string, spec: object, takeOver?: readonly string[]) => {
  const revision = hub.publish({ objects: [{ ...virtualService(name), spec }], ...(takeOver === undefined ? {} : { takeOver }) });
  agent ??= await startTestAgent(test, hub);
  await until(() => hub.acknowledged?.revision === revision, 20_000);
};
const theirs = (name: string) => test.admin.apply(VIRTUAL_SERVICES, { ...virtualService(name), spec: { hosts: ['theirs'], gateways: ['edge'] } }, { fieldManager: 'argocd' });
const spec = async (name: string) => (await test.admin.get(VIRTUAL_SERVICES, 'shop', name))['spec'];

describe('fields that a policy takes of another manager', () => {
  it('are those that are named and no others: one more in the way, and nothing is taken', async () => {
    await theirs('one');
    await publish('one', { hosts: ['ours'], gateways: ['mesh'] }, ['.spec.hosts']);
    expect(hub.conditions.get(keyOf('one'))).toMatchObject({ status: 'FAILED', reason: 'Conflict', manager: 'argocd' });
    expect(await spec('one')).toEqual({ hosts: ['theirs'], gateways: ['edge'] });
    await publish('one', { hosts: ['ours'] }, ['.spec.hosts']);
    expect(hub.conditions.size).toBe(0);
    expect(await spec('one')).toEqual({ hosts: ['ours'], gateways: ['edge'] });
  });

  it('are given back when they are named no more', async () => {
    await theirs('two');
    await publish('two', { hosts: ['ours'], gateways: ['edge'] }, ['.spec.hosts']);
    expect(await spec('two')).toEqual({ hosts: ['ours'], gateways: ['edge'] });
    await publish('two', { gateways: ['edge'] });
    expect(await spec('two')).toEqual({ hosts: ['theirs'], gateways: ['edge'] });
    expect(hub.conditions.size).toBe(0);
  });
});
