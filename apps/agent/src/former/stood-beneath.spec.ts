import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
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

type More = { readonly drift?: 'REPORT'; readonly conflicts?: 'FORCE'; readonly takeOver?: readonly string[] };
const publish = async (name: string, spec: object, more: More = {}) => {
  const revision = hub.publish({ objects: [{ ...virtualService(name), spec }], ...more });
  agent ??= await startTestAgent(test, hub);
  await until(() => hub.acknowledged?.revision === revision, 20_000);
};
const theirs = (name: string, spec: object) => test.admin.apply(VIRTUAL_SERVICES, { ...virtualService(name), spec }, { fieldManager: 'argocd', force: true });
const read = (name: string) => test.admin.get(VIRTUAL_SERVICES, 'shop', name);
const said = ({ metadata: { uid, labels, annotations }, ...rest }: KubeObject) => ({ uid, labels, annotations, spec: rest['spec'] });
const reason = (name: string) => hub.conditions.get(keyOf(name))?.reason;

describe('an object of which a version was refused, and that a newer one got', () => {
  it('stands as before when that version comes back, and is refused again', async () => {
    await publish('one', { hosts: ['first'], exportTo: ['.'] });
    await theirs('one', { gateways: ['theirs'] });
    const refused = { hosts: ['second'], gateways: ['ours'] };
    await publish('one', refused);
    expect(reason('one')).toBe('Conflict');
    const before = said(await read('one'));
    for (const spec of [{ hosts: ['third'], gateways: ['ours', 'too'] }, refused]) {
      await publish('one', spec, { takeOver: ['.spec.gateways'] });
      expect((await read('one'))['spec']).toEqual(spec);
      await publish('one', refused);
      expect([reason('one'), said(await read('one'))]).toEqual(['Conflict', before]);
    }
  });

  it('stands as before over a restart, and where the API server refuses the version', async () => {
    await publish('two', { hosts: ['first'], exportTo: ['.'] });
    const invalid = { hosts: 'no list' };
    await publish('two', invalid);
    expect(reason('two')).toBe('Invalid');
    const before = said(await read('two'));
    await publish('two', { hosts: ['third'], gateways: ['ours'] });
    await agent?.stop();
    agent = undefined;
    await publish('two', invalid);
    expect([reason('two'), said(await read('two'))]).toEqual(['Invalid', before]);
    await publish('two', { hosts: ['fourth'] });
    expect([reason('two'), (await read('two'))['spec']]).toEqual([undefined, { hosts: ['fourth'] }]);
  });

  it('is let go of where it was none of ours', async () => {
    await theirs('three', { hosts: ['theirs'], gateways: ['theirs'] });
    const before = said(await read('three'));
    await publish('three', { hosts: 'no list' }, { conflicts: 'FORCE' });
    await publish('three', { hosts: ['ours'], exportTo: ['.'] }, { conflicts: 'FORCE' });
    await publish('three', { hosts: 'no list' }, { conflicts: 'FORCE' });
    expect([reason('three'), said(await read('three'))]).toEqual(['Invalid', before]);
  });

  it('has what was taken for the version before, and gives it back in the end', async () => {
    await theirs('four', { hosts: ['theirs'], gateways: ['theirs'], http: [{ timeout: '7s' }] });
    const untouched = said(await read('four'));
    await publish('four', { hosts: ['first'] }, { takeOver: ['.spec.hosts'] });
    const refused = { hosts: ['first'], gateways: ['ours'] };
    await publish('four', refused, { takeOver: ['.spec.hosts'] });
    expect(reason('four')).toBe('Conflict');
    const before = said(await read('four'));
    await publish('four', { gateways: ['ours'], http: [{ timeout: '1s' }] }, { takeOver: ['.spec'] });
    expect((await read('four'))['spec']).toEqual({ hosts: ['theirs'], gateways: ['ours'], http: [{ timeout: '1s' }] });
    await publish('four', refused, { takeOver: ['.spec.hosts'] });
    expect([reason('four'), said(await read('four'))]).toEqual(['Conflict', before]);
    hub.publish({ objects: [], tombstones: [keyOf('four')] });
    await until(() => hub.acknowledged?.revision === hub.newest, 20_000);
    expect(said(await read('four'))).toEqual(untouched);
  });

  it('keeps what somebody has written since', async () => {
    await publish('five', { hosts: ['first'], exportTo: ['.'] });
    await publish('five', { hosts: 'no list' });
    await publish('five', { hosts: ['third'], exportTo: ['.'] }, { drift: 'REPORT' });
    await theirs('five', { exportTo: ['*'] });
    await until(() => hub.conditions.get(keyOf('five'))?.status === 'DRIFTED');
    await publish('five', { hosts: 'no list' });
    expect([reason('five'), (await read('five'))['spec']]).toEqual(['Invalid', { hosts: ['first'], exportTo: ['*'] }]);
  });

  it('is none that a version was applied to: nothing is kept then', async () => {
    await publish('six', { hosts: ['first'] });
    await publish('six', { hosts: 'no list' });
    await publish('six', { hosts: ['third'] });
    await publish('six', { hosts: ['fourth'] });
    await publish('six', { hosts: 'no list' });
    expect([reason('six'), (await read('six'))['spec']]).toEqual(['Invalid', { hosts: ['fourth'] }]);
  });
});
