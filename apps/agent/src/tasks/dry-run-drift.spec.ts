import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { isNotFound } from '@meshfleet/kube';
import type { DryRunObject, DryRunResult, TaskAnswer } from '@meshfleet/protocol';
import type { Agent } from '../agent.ts';
import { keyOf, startTestAgent, startTestCluster, until, VIRTUAL_SERVICES, virtualService } from '../testing/agent-fixture.ts';
import type { TestCluster } from '../testing/agent-fixture.ts';
import type { ScriptedHub } from '../testing/scripted-hub.ts';
import { POLICY, startScriptedHub } from '../testing/scripted-hub.ts';

let test: TestCluster;
let hub: ScriptedHub;
let agent: Agent;
beforeAll(async () => {
  [test, hub] = await Promise.all([startTestCluster(), startScriptedHub()]);
  agent = await startTestAgent(test, hub);
});
afterAll(async () => {
  await agent.stop();
  await hub.close();
  await test.close();
});

const named = (name: string, spec: object): KubeObject => ({ ...virtualService(name), metadata: { name, namespace: 'shop' }, spec });
const theirs = (object: KubeObject, manager = 'argocd') => test.admin.apply(VIRTUAL_SERVICES, object, { fieldManager: manager, force: true });
const acked = async (revision: number) => {
  await until(() => hub.acknowledged?.revision === revision, 20_000);
  expect(hub.acknowledged?.revision).toBe(revision);
};
const withdraw = async (key: string) => acked(hub.publish({ objects: [], tombstones: [key], approvedDeletions: 100 }));
const read = (name: string): Promise<KubeObject | undefined> => test.admin.get(VIRTUAL_SERVICES, 'shop', name).catch((error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error as Error)));

async function askFor(object: KubeObject): Promise<DryRunObject | undefined> {
  const answer: TaskAnswer = await hub.ask('DRY_RUN', { objects: [object], conflicts: 'REPORT' });
  expect(answer).toMatchObject({ status: 'DONE' });
  return (answer as { result: DryRunResult }).result.objects[0]; // DONE, as just expected
}

describe('a dry run of what was applied already', () => {
  it('says for which policy, by the marks of the object or by what is remembered of it', async () => {
    const object = named('shelf', { hosts: ['ours'] });
    await acked(hub.publish({ objects: [object], drift: 'REPORT' }));
    await theirs(named('shelf', { hosts: ['by-hand'] }), 'kubectl');
    expect(await askFor(object)).toMatchObject({ outcome: 'CONFLICT', appliedFor: POLICY });
    expect(await askFor(named('shelf', { hosts: ['newer'] }))).not.toHaveProperty('appliedFor');
    await test.admin.delete(VIRTUAL_SERVICES, 'shop', 'shelf', { uid: (await read('shelf'))?.metadata.uid ?? '' });
    expect(await askFor(object)).toMatchObject({ outcome: 'CREATED', appliedFor: POLICY });
    await theirs(named('shelf', { hosts: ['anew'] }));
    expect(await askFor(object)).toMatchObject({ outcome: 'CONFLICT', appliedFor: POLICY });
    await withdraw(keyOf('shelf'));
    expect(await askFor(object)).not.toHaveProperty('appliedFor');
  });
});

describe('a dry run of what somebody changes back', () => {
  it('says which fields a newer version would take back, since they were ours', async () => {
    await theirs(named('bench', { gateways: ['edge'] }));
    await acked(hub.publish({ objects: [named('bench', { hosts: ['ours'] })], drift: 'REPORT' }));
    await theirs(named('bench', { hosts: ['by-hand'] }), 'kubectl');
    const newer = named('bench', { hosts: ['newer'], gateways: ['mesh'] });
    expect(await askFor(newer)).toMatchObject({ outcome: 'CONFLICT', wereOurs: ['.spec.hosts'] });
    expect(await askFor(named('bench', { hosts: ['ours'] }))).not.toHaveProperty('wereOurs');
    await acked(hub.publish({ objects: [named('bench', { hosts: ['newer'] })], drift: 'CORRECT' }));
    expect((await read('bench'))?.['spec']).toEqual({ hosts: ['newer'], gateways: ['edge'] });
    await withdraw(keyOf('bench'));
  });

  it('says that it is not put right any more, nor taken back', async () => {
    const object = named('fence', { hosts: ['ours'] });
    await acked(hub.publish({ objects: [object], drift: 'CORRECT' }));
    for (let round = 0; hub.conditions.get(keyOf('fence'))?.reason !== 'Contested'; round += 1) {
      if (round === 0) expect(await askFor(object)).not.toHaveProperty('contested');
      await theirs(named('fence', { hosts: [`by-hand-${String(round)}`] }), 'kubectl');
      await until(async () => hub.conditions.get(keyOf('fence'))?.reason === 'Contested' || JSON.stringify((await read('fence'))?.['spec']).includes('ours'));
    }
    expect(await askFor(object)).toMatchObject({ outcome: 'CONFLICT', appliedFor: POLICY, contested: true });
    const newer = await askFor(named('fence', { hosts: ['newer'] }));
    expect(newer).toMatchObject({ outcome: 'CONFLICT', contested: true });
    expect(newer).not.toHaveProperty('wereOurs');
    await withdraw(keyOf('fence'));
  });
});
