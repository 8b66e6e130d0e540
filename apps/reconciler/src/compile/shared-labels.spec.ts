import { contentHash } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import type { AssignedObject } from '@meshfleet/planner';
import type { ReportedCondition } from '@meshfleet/protocol';
import { loadContents, storeContents, testFleet, withTestStore, writeReports } from '@meshfleet/store';
import type { TestFleet, TestStore } from '@meshfleet/store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyPolicyChanges } from '../events/apply-policy-changes.ts';

const SHOP = 'Namespace/shop';
const NOW = '2026-11-20T00:00:00Z';

let test: TestStore;
beforeAll(async () => {
  test = await withTestStore();
});
afterAll(() => test.close());

let fleet: TestFleet;
let cluster: string;
let seq: number;
beforeEach(async () => {
  fleet = testFleet(test, await test.createOrganization());
  [cluster = ''] = await fleet.addClusters([{ name: 'a' }]);
  seq = 0;
});

const changed = (...policyIds: string[]) => applyPolicyChanges(test.store, { organizationId: fleet.organizationId, changes: policyIds.map((policyId) => ({ policyId, actor: 'user:a' })) });

async function apply(name: string, labels: Record<string, string>, more: Partial<Parameters<TestFleet['applyPolicy']>[0]> = {}): Promise<string> {
  const body: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } };
  const entry: AssignedObject = { key: SHOP, hash: contentHash(body), mode: 'METADATA' };
  await test.store.transaction(fleet.organizationId, (tx) => Promise.resolve(storeContents(tx, [{ hash: entry.hash, body }])));
  const id = await fleet.applyPolicy({ name, entries: [entry], clusterSelector: '', ...more });
  await changed(id);
  return id;
}

async function withdraw(policyId: string): Promise<void> {
  await fleet.deletePolicy(policyId);
  await changed(policyId);
}

/** The labels that the cluster is asked to hold. */
async function asked(): Promise<Record<string, string> | undefined> {
  const { state } = await fleet.desiredOf(cluster);
  const hashes = state.entries.map(({ hash }) => hash);
  const contents = await test.store.transaction(fleet.organizationId, (tx) => loadContents(tx, hashes));
  return contents.get(hashes[0] ?? '')?.metadata.labels;
}

/** The agent says this of the namespace, in whose name it is applied, and acknowledges what it is asked. */
async function report(said?: Partial<ReportedCondition>): Promise<void> {
  const { revision, state } = await fleet.desiredOf(cluster);
  const policyId = state.entries.find(({ key }) => key === SHOP)?.policyId ?? '';
  const items: ReportedCondition[] = [{ key: SHOP, policyId, observedAt: NOW, status: 'APPLIED', reason: 'Applied', message: '', ...said }];
  const { rows } = await test.admin.query<{ digest: string }>('select desired_digest as digest from cluster where id = $1', [cluster]);
  seq += 1;
  await test.store.transaction(fleet.organizationId, (tx) => writeReports(tx, [{ clusterId: cluster, report: { seq, epoch: 1, revision, digest: rows[0]?.digest ?? '', conditions: { full: false, items } } }]));
}

const CONFLICT = { status: 'FAILED', reason: 'Conflict', message: 'argocd owns it', manager: 'argocd' } as const;

/** What is said of the namespace, by policy. */
async function conditions(): Promise<Record<string, { reason: string; fields: readonly string[] }>> {
  const { rows } = await test.admin.query<{ policy_id: string; reason: string; fields: string[] }>('select policy_id, reason, fields from object_condition where cluster_id = $1', [cluster]);
  return Object.fromEntries(rows.map(({ policy_id, reason, fields }) => [policy_id, { reason, fields }]));
}

const statuses = async () => Object.fromEntries((await fleet.policyClusters()).map(({ policyId, status }) => [policyId, status]));

describe('two policies that label one namespace', () => {
  it('are one entry of the desired state, and each goes with its own labels alone', async () => {
    const a = await apply('a', { 'istio.io/rev': 'stable' });
    const b = await apply('b', { team: 'checkout' });
    expect(await asked()).toEqual({ 'istio.io/rev': 'stable', team: 'checkout' });
    expect((await fleet.desiredOf(cluster)).state.entries).toMatchObject([{ key: SHOP, policyId: a }]);
    await report();
    expect([await statuses(), await conditions()]).toEqual([{ [a]: 'APPLIED', [b]: 'APPLIED' }, {}]);
    await withdraw(a);
    expect([await asked(), (await fleet.desiredOf(cluster)).state.tombstones]).toEqual([{ team: 'checkout' }, []]);
    expect(await statuses()).toEqual({ [a]: 'PENDING', [b]: 'APPLIED' });
    await report();
    expect(await statuses()).toEqual({ [b]: 'APPLIED' });
    await withdraw(b);
    expect((await fleet.desiredOf(cluster)).state).toMatchObject({ entries: [], tombstones: [{ key: SHOP, policyId: b }] });
  });

  it('write nothing when either is compiled again, and no revision in a cluster where nothing changes', async () => {
    const a = await apply('a', { x: '1' });
    await apply('b', { y: '2' });
    const { revision } = await fleet.desiredOf(cluster);
    expect(await changed(a)).toEqual({ compiled: 0, revised: 0 });
    expect(await apply('a', { x: '1' })).toBe(a);
    expect((await fleet.desiredOf(cluster)).revision).toBe(revision);
  });

  it('conflict over a label that both set alone: the younger is told which, and has the rest', async () => {
    const a = await apply('a', { 'istio.io/rev': 'stable' });
    const b = await apply('b', { 'istio.io/rev': 'canary', team: 'checkout' });
    expect(await asked()).toEqual({ 'istio.io/rev': 'stable', team: 'checkout' });
    expect(await conditions()).toMatchObject({ [b]: { reason: 'ObjectClaimedByOtherPolicy' } });
    await report();
    expect(await statuses()).toEqual({ [a]: 'APPLIED', [b]: 'FAILED' });
    await withdraw(a);
    await report();
    expect([await asked(), await statuses(), await conditions()]).toEqual([{ 'istio.io/rev': 'canary', team: 'checkout' }, { [b]: 'APPLIED' }, {}]);
  });

  it('are told each of conflicts over their own labels, and both of what is about the namespace', async () => {
    const a = await apply('a', { x: '1' });
    const b = await apply('b', { y: '2' });
    await report({ ...CONFLICT, fields: ['.metadata.labels.y'] });
    expect([await conditions(), await statuses()]).toEqual([{ [b]: { reason: 'Conflict', fields: ['.metadata.labels.y'] } }, { [a]: 'APPLIED', [b]: 'FAILED' }]);
    await report({ ...CONFLICT, fields: ['.metadata.labels.x'] });
    expect([await conditions(), await statuses()]).toEqual([{ [a]: { reason: 'Conflict', fields: ['.metadata.labels.x'] } }, { [a]: 'FAILED', [b]: 'APPLIED' }]);
    await report({ status: 'FAILED', reason: 'ObjectMissing', message: 'no such namespace' });
    expect(Object.keys(await conditions()).sort()).toEqual([a, b].sort());
    await report();
    expect([await conditions(), await statuses()]).toEqual([{}, { [a]: 'APPLIED', [b]: 'APPLIED' }]);
  });

  it('hold for a third that comes what agents have said of the namespace, who say nothing of it anew', async () => {
    const a = await apply('a', { x: '1' });
    await report({ status: 'FAILED', reason: 'ObjectMissing', message: 'no such namespace' });
    const b = await apply('b', { y: '2' });
    expect(Object.keys(await conditions()).sort()).toEqual([a, b].sort());
    await report({ ...CONFLICT, fields: ['.metadata.labels.y'] });
    const c = await apply('c', { z: '3' });
    expect(Object.keys(await conditions())).toEqual([b]);
    await fleet.acknowledge(cluster);
    expect(await statuses()).toEqual({ [a]: 'APPLIED', [b]: 'FAILED', [c]: 'APPLIED' });
    // What was said of a policy’s labels goes with it.
    await withdraw(b);
    expect(await conditions()).toEqual({});
  });

  it('keep what they held where a new version of one cannot be rendered', async () => {
    const a = await apply('a', { x: '1' });
    const b = await apply('b', { y: '2' });
    const template = { objects: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { y: '${cluster.labels.nobody-has-it}' } } }] };
    await fleet.applyPolicy({ name: 'b', template, clusterSelector: '' });
    await changed(b);
    expect([await asked(), Object.keys(await conditions())]).toEqual([{ x: '1', y: '2' }, [b]]);
    await withdraw(a);
    expect(await asked()).toEqual({ y: '2' });
  });

  it('go when their labels have gone, and not when the agent could not take them off', async () => {
    const refused = { status: 'FAILED', reason: 'DeniedByWebhook', message: 'not now' } as const;
    for (const leaves of ['older', 'younger']) {
      const older = await apply(`older-${leaves}`, { x: '1' });
      const younger = await apply(`younger-${leaves}`, { y: '2' });
      const [leaver, stayer] = leaves === 'older' ? [older, younger] : [younger, older];
      await report();
      await withdraw(leaver);
      await report(refused);
      expect([await statuses(), await conditions()]).toMatchObject([{ [leaver]: 'FAILED', [stayer]: 'FAILED' }, { [leaver]: { reason: 'DeniedByWebhook' }, [stayer]: { reason: 'DeniedByWebhook' } }]);
      // Another change meanwhile does not make it done.
      await changed(await fleet.applyPolicy({ name: `other-${leaves}`, objects: { 'ConfigMap/x/y': leaves }, clusterSelector: '' }));
      expect(await conditions()).toMatchObject({ [leaver]: { reason: 'DeniedByWebhook' } });
      await report(refused);
      expect(await statuses()).toMatchObject({ [leaver]: 'FAILED' });
      await report();
      expect([await statuses(), await conditions()]).toMatchObject([{ [stayer]: 'APPLIED' }, {}]);
      expect(Object.keys(await statuses())).not.toContain(leaver);
      await withdraw(stayer);
      await fleet.acknowledge(cluster);
    }
  });

  it('go though another manager contests what others set, or there is no such namespace any more', async () => {
    const reasons: readonly Partial<ReportedCondition>[] = [{ ...CONFLICT, fields: ['.metadata.labels.y'] }, { status: 'FAILED', reason: 'ObjectMissing', message: 'no such namespace' }];
    for (const reason of reasons) {
      const a = await apply(`a-${String(reason.reason)}`, { x: '1' });
      const b = await apply(`b-${String(reason.reason)}`, { y: '2' });
      await report();
      await withdraw(a);
      await report(reason);
      expect(await statuses()).toEqual({ [b]: 'FAILED' });
      await report();
      await withdraw(b);
      await fleet.acknowledge(cluster);
    }
  });

  it('differ from cluster to cluster where their labels do', async () => {
    await apply('a', { x: '1' });
    const template = { objects: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { cluster: '${cluster.name}' } } }] };
    await changed(await fleet.applyPolicy({ name: 'b', template, clusterSelector: '' }));
    expect(await asked()).toEqual({ x: '1', cluster: 'a' });
  });
});
