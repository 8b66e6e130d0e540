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

const publish = async (name: string, spec: object, takeOver?: readonly string[], more: { readonly drift?: 'REPORT'; readonly conflicts?: 'FORCE' } = {}) => {
  const revision = hub.publish({ objects: [{ ...virtualService(name), spec }], ...(takeOver === undefined ? {} : { takeOver }), ...more });
  agent ??= await startTestAgent(test, hub);
  await until(() => hub.acknowledged?.revision === revision, 20_000);
};
const theirs = (name: string) => test.admin.apply(VIRTUAL_SERVICES, { ...virtualService(name), spec: { hosts: ['theirs'], gateways: ['edge'] } }, { fieldManager: 'argocd' });
const read = (name: string) => test.admin.get(VIRTUAL_SERVICES, 'shop', name);
const spec = async (name: string) => (await read(name))['spec'];

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

  it.each(['REPORT', 'CORRECT'] as const)('stay with whom they are given back to, in an object of ours whose version may take them no more, where drift is %s', async (drift) => {
    const name = `ours-${drift.toLowerCase()}`;
    const leave = drift === 'REPORT' ? { drift } : {};
    await publish(name, { hosts: ['ours'] }, undefined, leave);
    await test.admin.apply(VIRTUAL_SERVICES, { ...virtualService(name), spec: { gateways: ['edge'] } }, { fieldManager: 'argocd' });
    const both = { hosts: ['ours'], gateways: ['mesh'] };
    await publish(name, both, ['.spec.gateways'], leave);
    expect(await spec(name)).toEqual(both);
    // The same content, looked at once and again: what is given back is no drift of it.
    for (const takeOver of [undefined, ['.spec.exportTo'], undefined]) {
      await publish(name, both, takeOver, leave);
      expect(hub.conditions.get(keyOf(name))).toMatchObject({ status: 'FAILED', reason: 'Conflict', fields: ['.spec.gateways'] });
      expect(await spec(name)).toEqual({ hosts: ['ours'], gateways: ['edge'] });
    }
    await publish(name, both, ['.spec.gateways'], leave);
    expect([hub.conditions.size, await spec(name)]).toEqual([0, both]);
  });

  it('are not taken back as drift by a version that may take them no more', async () => {
    await publish('lent', { exportTo: ['.'] }, undefined, { drift: 'REPORT' });
    await theirs('lent');
    const drifting = { exportTo: ['.'], hosts: ['ours'] };
    await publish('lent', drifting, ['.spec.hosts'], { drift: 'REPORT' });
    expect(await spec('lent')).toEqual({ ...drifting, gateways: ['edge'] });
    await test.admin.apply(VIRTUAL_SERVICES, { ...virtualService('lent'), spec: { hosts: ['again'], gateways: ['edge'] } }, { fieldManager: 'argocd', force: true });
    await until(() => hub.conditions.get(keyOf('lent'))?.status === 'DRIFTED');
    for (const takeOver of [undefined, ['.spec.gateways'], undefined]) {
      await publish('lent', { exportTo: ['*'], hosts: ['newer'] }, takeOver);
      expect(hub.conditions.get(keyOf('lent'))).toMatchObject({ status: 'FAILED', reason: 'Conflict', manager: 'argocd', fields: ['.spec.hosts'] });
      expect(await spec('lent')).toEqual({ exportTo: ['.'], hosts: ['again'], gateways: ['edge'] });
    }
  });

  it('are not put right by the same content once that may take them no more', async () => {
    await publish('rent', { exportTo: ['.'] }, undefined, { drift: 'REPORT' });
    await theirs('rent');
    const taking = { exportTo: ['.'], hosts: ['ours'] };
    await publish('rent', taking, ['.spec.hosts'], { drift: 'REPORT' });
    await test.admin.apply(VIRTUAL_SERVICES, { ...virtualService('rent'), spec: { hosts: ['again'], gateways: ['edge'] } }, { fieldManager: 'argocd', force: true });
    await until(() => hub.conditions.get(keyOf('rent'))?.status === 'DRIFTED');
    for (const takeOver of [undefined, ['.spec.gateways'], undefined]) {
      await publish('rent', taking, takeOver);
      expect(hub.conditions.get(keyOf('rent'))).toMatchObject({ status: 'FAILED', reason: 'Conflict', manager: 'argocd', fields: ['.spec.hosts'] });
      expect(await spec('rent')).toEqual({ exportTo: ['.'], hosts: ['again'], gateways: ['edge'] });
    }
    await publish('rent', taking, ['.spec.hosts']);
    expect(await spec('rent')).toEqual({ ...taking, gateways: ['edge'] });
  });

  it('are given back, and nothing of the object stays ours, with a version that sets them too and may not take them', async () => {
    await theirs('three');
    const before = await read('three');
    const refused = { status: 'FAILED', reason: 'Conflict' };
    await publish('three', { hosts: ['ours'] });
    expect(hub.conditions.get(keyOf('three'))).toMatchObject(refused);
    for (const taking of [['.spec.hosts'], ['.spec']]) {
      await publish('three', { hosts: ['ours'], exportTo: ['.'] }, taking);
      expect(await spec('three')).toEqual({ hosts: ['ours'], gateways: ['edge'], exportTo: ['.'] });
      // The same content, and another.
      for (const wanted of [{ hosts: ['ours'], exportTo: ['.'] }, { hosts: ['ours'] }]) {
        await publish('three', wanted);
        expect(hub.conditions.get(keyOf('three'))).toMatchObject(refused);
        const { uid, labels, annotations } = (await read('three')).metadata;
        expect([await spec('three'), { uid, labels, annotations }]).toEqual([before['spec'], { uid: before.metadata.uid, labels: undefined, annotations: undefined }]);
      }
    }
    // Nor are they taken when their owner writes them again, or the agent starts anew.
    await agent?.stop();
    agent = await startTestAgent(test, hub);
    await test.admin.apply(VIRTUAL_SERVICES, { ...virtualService('three'), spec: { hosts: ['theirs', 'too'], gateways: ['edge'] } }, { fieldManager: 'argocd', force: true });
    await publish('three', { hosts: ['ours'], exportTo: ['.'] });
    expect(await spec('three')).toEqual({ hosts: ['theirs', 'too'], gateways: ['edge'] });
  });

  it('stay taken where the next version may take them, whatever else it says', async () => {
    await theirs('four');
    await publish('four', { hosts: ['ours'] }, ['.spec.hosts']);
    await publish('four', { hosts: ['ours', 'too'] }, ['.spec']);
    await publish('four', { hosts: ['ours'] }, undefined, { conflicts: 'FORCE' });
    expect(hub.conditions.get(keyOf('four'))).toBeUndefined();
    expect(await spec('four')).toEqual({ hosts: ['ours'], gateways: ['edge'] });
  });

  it('are drift again in an object that reported them so before they were taken', async () => {
    await publish('five', { hosts: ['ours'], gateways: ['mesh'] }, undefined, { drift: 'REPORT' });
    await test.admin.apply(VIRTUAL_SERVICES, { ...virtualService('five'), spec: { hosts: ['by-hand'], exportTo: ['*'] } }, { fieldManager: 'kubectl', force: true });
    await until(() => hub.conditions.get(keyOf('five'))?.status === 'DRIFTED');
    await publish('five', { hosts: ['newer'], gateways: ['newer'], exportTo: ['.'] }, undefined, { drift: 'REPORT', conflicts: 'FORCE' });
    expect(await spec('five')).toEqual({ hosts: ['newer'], gateways: ['newer'], exportTo: ['.'] });
    await publish('five', { hosts: ['ours'], gateways: ['mesh'] }, undefined, { drift: 'REPORT' });
    expect(await spec('five')).toEqual({ hosts: ['by-hand'], gateways: ['mesh'], exportTo: ['*'] });
    expect(hub.conditions.get(keyOf('five'))).toMatchObject({ status: 'DRIFTED', fields: ['.spec.hosts'] });
  });
});
