import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { isNotFound } from '@meshfleet/kube';
import type { Agent } from '../agent.ts';
import { keyOf, startTestAgent, startTestCluster, until, VIRTUAL_SERVICES, virtualService } from '../testing/agent-fixture.ts';
import type { TestCluster } from '../testing/agent-fixture.ts';
import { startScriptedHub } from '../testing/scripted-hub.ts';
import type { ScriptedHub } from '../testing/scripted-hub.ts';

const POLICY_MARK = 'meshfleet.io/policy';

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

const acked = (revision: number) => until(() => hub.acknowledged?.revision === revision);
const condition = (name: string) => hub.conditions.get(keyOf(name));
const live = (name: string): Promise<KubeObject | undefined> =>
  test.admin.get(VIRTUAL_SERVICES, 'shop', name).catch((error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error as Error)));
const hostsOf = (object: KubeObject | undefined): unknown => (object?.['spec'] as { hosts?: unknown } | undefined)?.hosts;
const asked = (wanted: string): number => test.cluster.auditLog().filter(({ user, verb, resource }) => user.includes('meshfleet-agent') && verb === wanted && resource === 'virtualservices').length;
const writesOfAgent = (): number => asked('patch');
const readsOfAgent = (): number => asked('get');

/** What `kubectl get -o yaml`, an edit and `kubectl create` make of an object: everything copied, our marks too. */
function copyOf(object: KubeObject | undefined, hosts: string[]): KubeObject {
  if (object === undefined) throw new Error('there is nothing to copy');
  const { name, namespace, labels, annotations } = object.metadata;
  return { ...object, metadata: { name, namespace, labels, annotations }, spec: { ...(object['spec'] as object), hosts } } as KubeObject; // as the API server gave it
}

describe('marks that somebody copied', () => {
  it('let nobody delete the object of a person who copied ours', async () => {
    hub.publish({ objects: [virtualService('reviews')], drift: 'REPORT' });
    agent = await startTestAgent(test, hub);
    await acked(1);
    const ours = await live('reviews');
    await test.admin.delete(VIRTUAL_SERVICES, 'shop', 'reviews', { uid: ours?.metadata.uid ?? '' });
    await test.admin.create(VIRTUAL_SERVICES, copyOf(ours, ['mine']));
    await until(() => condition('reviews')?.status === 'DRIFTED');
    hub.publish({ objects: [], tombstones: [keyOf('reviews')] });
    await acked(2);
    expect(hostsOf(await live('reviews'))).toEqual(['mine']);
  });

  it('let nobody overwrite an object that came from another cluster with them', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    const ours = await live('reviews');
    // The policy goes, and an exported object of it is created by hand before the policy comes back.
    hub.publish({ objects: [], tombstones: [keyOf('reviews')] });
    await acked(2);
    await test.admin.create(VIRTUAL_SERVICES, copyOf(ours, ['mine']));
    hub.publish({ objects: [virtualService('reviews')] });
    await acked(3);
    expect(condition('reviews')).toMatchObject({ status: 'FAILED', reason: 'Conflict' });
    expect(hostsOf(await live('reviews'))).toEqual(['mine']);
    hub.publish({ objects: [], tombstones: [keyOf('reviews')] });
    await acked(4);
    expect(hostsOf(await live('reviews'))).toEqual(['mine']);
  });
});

describe('marks that somebody wrote over', () => {
  it('are put right, and who did it is named', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    const before = await live('reviews');
    await test.admin.update(VIRTUAL_SERVICES, { ...before, metadata: { ...before?.metadata, annotations: { ...before?.metadata.annotations, [POLICY_MARK]: 'mine' } } } as KubeObject);
    await until(() => condition('reviews') !== undefined);
    expect(condition('reviews')).toMatchObject({ status: 'CORRECTED', reason: 'FieldsChanged' });
    expect((await live('reviews'))?.metadata.annotations?.[POLICY_MARK]).toBe(before?.metadata.annotations?.[POLICY_MARK]);
    hub.publish({ objects: [], tombstones: [keyOf('reviews')] });
    await acked(2);
    expect(await live('reviews')).toBeUndefined();
  });

  it('do not turn an adopted object into one that may be deleted', async () => {
    await test.admin.apply(VIRTUAL_SERVICES, virtualService('reviews'), { fieldManager: 'argocd' });
    hub.publish({ objects: [virtualService('reviews')], drift: 'REPORT' });
    agent = await startTestAgent(test, hub);
    await acked(1);
    const adopted = await live('reviews');
    await test.admin.update(VIRTUAL_SERVICES, { ...adopted, metadata: { ...adopted?.metadata, annotations: { ...adopted?.metadata.annotations, 'meshfleet.io/origin': 'created' } } } as KubeObject);
    await until(() => condition('reviews')?.status === 'DRIFTED');
    hub.publish({ objects: [], tombstones: [keyOf('reviews')] });
    await acked(2);
    expect(hostsOf(await live('reviews'))).toEqual(['reviews']);
  });
});

describe('somebody who fights back', () => {
  const fight = async (again: () => Promise<unknown>): Promise<void> => {
    for (let round = 0; round < 20 && condition('reviews')?.reason !== 'Contested'; round += 1) {
      const corrected = agent?.status.reportsSent;
      await again();
      await until(async () => hostsOf(await live('reviews'))?.toString() === 'reviews' || condition('reviews')?.reason === 'Contested', 1_000);
      await until(() => agent?.status.reportsSent !== corrected, 1_000);
    }
  };

  it('is corrected a few times, then named, and the API server is left in peace', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    await fight(async () => test.admin.update(VIRTUAL_SERVICES, copyWith(await live('reviews'), ['theirs'])));
    expect(condition('reviews')).toMatchObject({ status: 'DRIFTED', reason: 'Contested' });
    expect(writesOfAgent()).toBeLessThanOrEqual(7);
    expect(hostsOf(await live('reviews'))).toEqual(['theirs']);
    const from = readsOfAgent();
    for (const host of ['one', 'two', 'three']) await test.admin.update(VIRTUAL_SERVICES, copyWith(await live('reviews'), [host]));
    // What the same watch shows after them has been taken in.
    await test.admin.create(VIRTUAL_SERVICES, virtualService('fence'));
    await until(() => hub.inventory.has(keyOf('fence')));
    expect([hub.inventory.has(keyOf('fence')), readsOfAgent() - from]).toEqual([true, 0]);
  });

  it('is held off as well when it is another Meshfleet, which applies under the same name', async () => {
    hub.publish({ objects: [virtualService('reviews')] });
    agent = await startTestAgent(test, hub);
    await acked(1);
    const theirs = virtualService('reviews', 'theirs');
    const metadata = { ...theirs.metadata, labels: { 'meshfleet.io/managed': 'true' }, annotations: { [POLICY_MARK]: 'another-hubs', 'meshfleet.io/origin': 'created', 'meshfleet.io/content': '0' } };
    await fight(() => test.admin.apply(VIRTUAL_SERVICES, { ...theirs, metadata }, { fieldManager: 'meshfleet', force: true }));
    expect(condition('reviews')).toMatchObject({ status: 'DRIFTED', reason: 'Contested' });
    expect(writesOfAgent()).toBeLessThanOrEqual(7);
  });
});

function copyWith(object: KubeObject | undefined, hosts: string[]): KubeObject {
  if (object === undefined) throw new Error('there is nothing to change');
  return { ...object, spec: { ...(object['spec'] as object), hosts } };
}
