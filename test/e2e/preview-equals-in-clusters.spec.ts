import { readFileSync } from 'node:fs';
import { accessFromKubeconfig, createKubeClient, createTransport, isNotFound, type KubeClient } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { applyPatch } from 'diff';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { comparable } from '../../apps/agent/src/tasks/shown-object.ts';
import { yamlOf } from '../../apps/api/src/desired-state/diff-states.ts';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { until } from '../../apps/demo/src/seed.ts';
import { dice } from '../../apps/reconciler/src/testing/dying-store.fixture.ts';
import { openFleet, type OpenFleet } from './open-fleet.ts';

/** Random changes in a row; more of them by MESHFLEET_PREVIEW_CASES. */
const CASES = Math.min(Number(process.env['MESHFLEET_PREVIEW_CASES'] ?? 20), 200);
const NAMES = ['frankfurt', 'dublin'] as const;
const VIRTUAL_SERVICES = { group: 'networking.istio.io', version: 'v1', kind: 'VirtualService', plural: 'virtualservices', namespaced: true };

let open: OpenFleet;
const people = new Map<string, { readonly kubectl: KubeClient; close(): void }>();
beforeAll(async () => {
  open = await openFleet();
  for (const name of NAMES) {
    const transport = createTransport(await accessFromKubeconfig(readFileSync(clusterNamed(open.fleet, name).kubeconfigFile, 'utf8')), { userAgent: 'kubectl' });
    people.set(name, { kubectl: createKubeClient(transport), close: () => transport.close() });
  }
}, 120_000);
afterAll(async () => {
  for (const { close } of people.values()) close();
  await open.close();
}, 60_000);

const keyOf = (name: string): string => `VirtualService.networking.istio.io/shop/${name}`;
const OBJECTS = ['one', 'two', 'three', 'four'] as const;

interface Said {
  readonly key: string;
  readonly outcome: string;
  readonly reason: string;
  readonly message: string;
  readonly conflicts: readonly { readonly manager: string; readonly field: string }[];
  readonly diff: string | null;
}
interface Previewed {
  readonly cluster: { readonly name: string };
  readonly changed: boolean;
  readonly diff: { readonly added: readonly { readonly key: string }[]; readonly changed: readonly { readonly key: string }[] };
  readonly conflicts: readonly { readonly key: string; readonly reason: string; readonly manager: string | null; readonly policy: { readonly name: string } | null }[];
  readonly dryRun: { readonly objects: readonly Said[]; readonly warnings: readonly object[]; readonly error: object | null };
}
interface Condition {
  readonly key: string;
  readonly status: string;
  readonly reason: string;
  readonly manager: string | null;
  readonly fields: readonly string[];
  readonly policy: { readonly name: string } | null;
}

const PREVIEW = `query ($apply: PolicyApplyInput, $delete: PolicyDeleteInput) { policyPreview(apply: $apply, delete: $delete) { userErrors { message } clusters(first: 10) { nodes {
  cluster { name } changed diff { added { key } changed { key } } conflicts { key reason manager policy { name } }
  dryRun { objects { key outcome reason message conflicts { manager field } diff } warnings { code } error { message } } } } } }`;
const preview = async (change: { apply: object } | { delete: object }) => {
  const { policyPreview } = await open.client.request<{ policyPreview: { userErrors: readonly object[]; clusters: { nodes: readonly Previewed[] } } }>(PREVIEW, { ...change });
  return { refused: policyPreview.userErrors.length > 0, clusters: new Map<string, Previewed>(policyPreview.clusters.nodes.map((each) => [each.cluster.name, each])) };
};

async function make(change: { apply: object } | { delete: object }): Promise<boolean> {
  const mutation = 'apply' in change ? 'mutation ($apply: PolicyApplyInput!) { done: policyApply(input: $apply) { userErrors { message } } }' : 'mutation ($delete: PolicyDeleteInput!) { done: policyDelete(input: $delete) { userErrors { message } } }';
  const { done } = await open.client.request<{ done: { userErrors: readonly object[] } }>(mutation, change);
  return done.userErrors.length === 0;
}

async function clusterState(name: string): Promise<{ revision: number; acknowledged: number; conditions: readonly Condition[] }> {
  const { cluster } = await open.client.request<{ cluster: { acknowledgedRevision: number; desiredState: { revision: number } | null; conditions: { nodes: readonly Condition[] } } }>(
    'query ($name: String) { cluster(name: $name) { acknowledgedRevision desiredState { revision } conditions(first: 100) { nodes { key status reason manager fields policy { name } } } } }',
    { name },
  );
  return { revision: cluster.desiredState?.revision ?? 0, acknowledged: cluster.acknowledgedRevision, conditions: cluster.conditions.nodes };
}

/** Whether everything that is known of the policy's newest version in a cluster is the outcome of it. */
async function isSettled(policy: string, cluster: string): Promise<boolean> {
  const { policy: found } = await open.client.request<{ policy: { currentVersion: { version: number }; clusters: { nodes: { cluster: { name: string }; version: number | null; status: string }[] } } }>(
    'query ($policy: String!) { policy(name: $policy) { currentVersion { version } clusters(first: 10) { nodes { cluster { name } version status } } } }',
    { policy },
  );
  const row = found.clusters.nodes.find((each) => each.cluster.name === cluster);
  return row?.version === found.currentVersion.version && row.status !== 'PENDING';
}

async function liveObjects(cluster: string): Promise<Map<string, KubeObject>> {
  const kubectl = kubectlIn(cluster);
  const found = new Map<string, KubeObject>();
  for (const name of OBJECTS) {
    const object = await kubectl.get(VIRTUAL_SERVICES, 'shop', name).catch((error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error as Error)));
    if (object !== undefined) found.set(keyOf(name), object);
  }
  return found;
}

const liveEverywhere = async (): Promise<Map<string, Map<string, KubeObject>>> => new Map(await Promise.all(NAMES.map(async (name) => [name, await liveObjects(name)] as const)));

function kubectlIn(cluster: string): KubeClient {
  const person = people.get(cluster);
  if (person === undefined) throw new Error(`there is nobody in ${cluster}`);
  return person.kubectl;
}

/** What an object says, without the marks that tell which content was applied last: a dry run does not know the next one. */
function said(object: unknown): unknown {
  if (object === undefined || object === null) return undefined;
  const { metadata, ...rest } = object as { metadata: { labels?: object; annotations?: object } }; // a Kubernetes object
  const keep = (entries: object = {}): object => Object.fromEntries(Object.entries(entries).filter(([name]) => !name.startsWith('meshfleet.io/')));
  return { ...rest, metadata: { ...metadata, labels: keep(metadata.labels), annotations: keep(metadata.annotations) } };
}
const saidLive = (object: KubeObject | undefined): unknown => (object === undefined ? undefined : said(comparable(object)));

/** The object as the diff of a dry run makes it. */
function patched(before: KubeObject | undefined, diff: string): unknown {
  // Bodies come from the cluster itself.
  const text = before === undefined ? '' : yamlOf(comparable(before) as unknown as KubeObject);
  const after = applyPatch(text, diff);
  expect(after, `the diff fits what is there:\n${diff}`).not.toBe(false);
  return after === '' ? undefined : said(parse(String(after)));
}

/** Something else each time, so that no version says what another one said. */
function specOf(roll: () => number, number: number): object {
  return {
    hosts: [roll() < 0.5 ? 'a.example.com' : 'b.example.com'],
    ...(roll() < 0.5 ? { gateways: [roll() < 0.5 ? 'mesh' : 'istio-system/edge'] } : {}),
    http: [{ timeout: `${number + 1}s`, route: [{ destination: { host: 'web' } }] }],
  };
}

function randomChange(roll: () => number, number: number): { apply: object } | { delete: object } {
  const name = roll() < 0.5 ? 'first' : 'second';
  if (roll() < 0.2) return { delete: { name, force: true } };
  const some = OBJECTS.filter(() => roll() < 0.5);
  const objects = some.length === 0 ? [OBJECTS[0]] : some;
  const manifests = objects.map((each) => JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: each, namespace: 'shop', ...(roll() < 0.5 ? { labels: { team: 'platform' } } : {}) }, spec: specOf(roll, number) }));
  const fields = ['.spec.hosts', '.spec.gateways', '.spec.http', '.metadata.labels.team'].filter(() => roll() < 0.7);
  const takeOver = objects.filter(() => roll() < 0.4).map((each) => ({ object: keyOf(each), ...(fields.length === 0 || roll() < 0.3 ? {} : { fields }) }));
  // Whatever the analysis says of routes at random.
  return { apply: { name, force: true, manifests: manifests.join('\n---\n'), placement: { clusterNames: [...NAMES] }, drift: 'REPORT', conflicts: roll() < 0.25 ? 'FORCE' : 'REPORT', ...(takeOver.length === 0 ? {} : { takeOver }) } };
}

const namesObject = (change: { apply: object } | { delete: object }, key: string): boolean => 'apply' in change && OBJECTS.some((name) => keyOf(name) === key && (change.apply as { manifests: string }).manifests.includes(`"name":"${name}"`));

/** Somebody writes an object, whoever has it. */
async function meddle(roll: () => number, number: number): Promise<void> {
  const name = OBJECTS[Math.floor(roll() * OBJECTS.length)] ?? OBJECTS[0];
  const cluster = NAMES[Math.floor(roll() * NAMES.length)] ?? NAMES[0];
  const object: KubeObject = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name, namespace: 'shop', ...(roll() < 0.5 ? { labels: { team: 'payments' } } : {}) }, spec: specOf(roll, number) as Record<string, unknown> };
  await kubectlIn(cluster).apply(VIRTUAL_SERVICES, object, { fieldManager: roll() < 0.5 ? 'argocd' : 'kubectl', force: true });
}

it(`what a preview and its dry run say is what agents then do, in ${CASES} changes at random among objects of others`, { retry: 0, timeout: 600_000 }, async () => {
  const roll = dice(Number(process.env['MESHFLEET_SEED'] ?? 11));
  const seen = new Map<string, number>();
  const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  await until('both agents have reported, and can be asked', 30_000, async () => {
    const { clusters } = await preview({ apply: { name: 'first', manifests: JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'one', namespace: 'shop' }, spec: { hosts: ['a'] } }), placement: { clusterNames: [...NAMES] } } });
    return NAMES.every((name) => clusters.get(name)?.dryRun.error === null);
  });
  for (let number = 0; number < CASES; number += 1) {
    for (let times = roll() < 0.5 ? 1 : 0; times > 0; times -= 1) await meddle(roll, number);
    const change = randomChange(roll, number);
    const what = `change ${number}: ${JSON.stringify(change)}`;
    const before = new Map<string, number>();
    for (const name of NAMES) before.set(name, (await clusterState(name)).revision);

    let live = await liveEverywhere();
    let shown = await preview(change);
    // What agents have told of others' objects is a moment old; and what somebody has just written may let an agent apply what it could not before.
    await until(`others' objects are known, and stand still: ${what}`, 30_000, async () => {
      const known = shown.refused || NAMES.every((name) => {
        const { conflicts = [], diff = { added: [], changed: [] } } = shown.clusters.get(name) ?? {};
        // What another policy gets by this change is not told of this one.
        const there = [...diff.added, ...diff.changed].map(({ key }) => key).filter((key) => namesObject(change, key) && live.get(name)?.has(key) === true && !isOurs(live.get(name)?.get(key)));
        return JSON.stringify(conflicts.filter(({ reason }) => reason === 'OBJECT_EXISTS').map(({ key }) => key).sort()) === JSON.stringify(there.sort());
      });
      const after = await liveEverywhere();
      if (known && isDeepStrictEqual(after, live)) return true;
      live = after;
      shown = await preview(change);
      return false;
    });
    expect(await make(change), what).toBe(!shown.refused);
    if (shown.refused) continue;
    const policy = 'apply' in change ? (change.apply as { name: string }).name : undefined;
    for (const [name, { changed, conflicts, dryRun }] of shown.clusters) {
      expect([dryRun.error, dryRun.warnings], what).toEqual([null, []]);
      let after = await clusterState(name);
      await until(`${name} has carried out ${what}`, 60_000, async () => {
        after = await clusterState(name);
        const acknowledged = after.acknowledged === after.revision && (!changed || after.revision > (before.get(name) ?? 0));
        if (!acknowledged || (policy !== undefined && !(await isSettled(policy, name)))) return false;
        after = await clusterState(name);
        return true;
      });
      const lost = after.conditions.filter(({ reason, policy: of }) => reason === 'ObjectClaimedByOtherPolicy' && of?.name === policy).map(({ key }) => key);
      expect(conflicts.filter(({ reason }) => reason === 'HELD_BY_OLDER_POLICY').map(({ key }) => key).sort(), `${what} in ${name}`).toEqual(lost.sort());
      if (lost.length > 0) count('HELD_BY_OLDER_POLICY');
      for (const { reason, manager } of conflicts) if (reason === 'OBJECT_EXISTS') count(`OBJECT_EXISTS ${manager === null ? 'by nobody' : ''}`);
      const then = await liveObjects(name);
      for (const object of dryRun.objects) {
        const where = `${what} in ${name}: ${JSON.stringify(object)}`;
        count(`${object.outcome} ${object.reason}`);
        const was = live.get(name)?.get(object.key);
        const failed = after.conditions.find(({ key, reason }) => key === object.key && reason === 'Conflict');
        if (object.outcome === 'CONFLICT') {
          expect(failed?.status, where).toBe('FAILED');
          expect([...new Set(failed?.fields)].sort(), where).toEqual([...new Set(object.conflicts.map(({ field }) => field))].sort());
          expect(object.conflicts.map(({ manager }) => manager), where).toContain(failed?.manager);
        } else expect(failed, where).toBeUndefined();
        // What the policy names no more is given back all the same.
        expect(saidLive(then.get(object.key)), where).toEqual(object.diff === null || !object.diff.includes('@@') ? saidLive(was) : patched(was, object.diff));
      }
    }
  }
  // The test would be worth little if it met none of these.
  expect([...seen.keys()], JSON.stringify([...seen])).toEqual(expect.arrayContaining(['CREATED ', 'CONFLICT Conflict', 'CHANGED TakenOver', 'REMOVED ', 'HANDED_BACK ', 'HELD_BY_OLDER_POLICY', 'OBJECT_EXISTS ']));
});

const isOurs = (object: KubeObject | undefined): boolean => object?.metadata.labels?.['meshfleet.io/managed'] !== undefined;
