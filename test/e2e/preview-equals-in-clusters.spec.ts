import { readFileSync } from 'node:fs';
import { accessFromKubeconfig, createKubeClient, createTransport, isNotFound, type KubeClient } from '@meshfleet/kube';
import { formatObjectKey, objectKeyOf, type KubeObject } from '@meshfleet/model';
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
import { intentOf, NAMES, OBJECTS, objectsOf, policyOf, randomChange, randomContest, randomMeddling, type Change, type History, type Intent, type Meddling } from './preview-equals-in-clusters/random-change.ts';

/** Random changes in a row; more of them by MESHFLEET_PREVIEW_CASES. */
const CASES = Math.min(Number(process.env['MESHFLEET_PREVIEW_CASES'] ?? 30), 200);

let open: OpenFleet;
const people = new Map<string, { readonly kubectl: KubeClient; close(): void }>();
beforeAll(async () => {
  open = await openFleet();
  for (const name of NAMES) {
    const transport = createTransport(await accessFromKubeconfig(readFileSync(clusterNamed(open.fleet, name).kubeconfigFile, 'utf8')), { userAgent: 'kubectl' });
    people.set(name, { kubectl: createKubeClient(transport), close: () => transport.close() });
  }
}, 240_000);
afterAll(async () => {
  for (const { close } of people.values()) close();
  await open.close();
}, 60_000);

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

const PREVIEW = `query ($apply: PolicyApplyInput, $delete: PolicyDeleteInput, $rollBack: PolicyRollBackInput) { policyPreview(apply: $apply, delete: $delete, rollBack: $rollBack) { userErrors { message } clusters(first: 10) { nodes {
  cluster { name } changed diff { added { key } changed { key } } conflicts { key reason manager policy { name } }
  dryRun { objects { key outcome reason message conflicts { manager field } diff } warnings { code } error { message } } } } } }`;
const preview = async (change: Change) => {
  const { policyPreview } = await open.client.request<{ policyPreview: { userErrors: readonly object[]; clusters: { nodes: readonly Previewed[] } } }>(PREVIEW, { ...change });
  return { refused: policyPreview.userErrors.length > 0, clusters: new Map<string, Previewed>(policyPreview.clusters.nodes.map((each) => [each.cluster.name, each])) };
};

const MUTATIONS = {
  apply: 'mutation ($apply: PolicyApplyInput!) { done: policyApply(input: $apply) { userErrors { message } } }',
  delete: 'mutation ($delete: PolicyDeleteInput!) { done: policyDelete(input: $delete) { userErrors { message } } }',
  rollBack: 'mutation ($rollBack: PolicyRollBackInput!) { done: policyRollBack(input: $rollBack) { userErrors { message } } }',
};

async function make(change: Change): Promise<boolean> {
  const mutation = 'apply' in change ? MUTATIONS.apply : 'delete' in change ? MUTATIONS.delete : MUTATIONS.rollBack;
  const { done } = await open.client.request<{ done: { userErrors: readonly object[] } }>(mutation, { ...change });
  return done.userErrors.length === 0;
}

/** Keeps what the policy says by this change as the version that it has become. */
async function keep(history: History, change: Change): Promise<void> {
  const [name, intent] = [policyOf(change), intentOf(change, history)];
  if (intent === undefined) {
    history.delete(name);
    return;
  }
  const { policy } = await open.client.request<{ policy: { currentVersion: { version: number } } }>('query ($name: String!) { policy(name: $name) { currentVersion { version } } }', { name });
  const versions = history.get(name) ?? [];
  versions[policy.currentVersion.version - 1] = intent;
  history.set(name, versions);
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
  for (const { key, resource, namespace, name } of OBJECTS) {
    const object = await kubectl.get(resource, namespace, name).catch((error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error as Error)));
    if (object !== undefined) found.set(key, object);
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

const namesObject = (intent: Intent | undefined, key: string): boolean => intent !== undefined && objectsOf(intent).some((object) => formatObjectKey(objectKeyOf(object)) === key);

async function meddle({ cluster, place, manager, object }: Meddling): Promise<void> {
  const kubectl = kubectlIn(cluster);
  if (object !== undefined) {
    await kubectl.apply(place.resource, object, { fieldManager: manager, force: true });
    return;
  }
  const uid = (await liveObjects(cluster)).get(place.key)?.metadata.uid;
  if (uid !== undefined) await kubectl.delete(place.resource, place.namespace, place.name, { uid }).catch((error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error as Error)));
}

/** Of which objects the hub says that they are as their policies have them, and they are not: what somebody wrote is yet to be put right, or reported. */
async function untrue(cluster: string, history: History): Promise<string[]> {
  const [{ conditions }, live] = [await clusterState(cluster), await liveObjects(cluster)];
  const excused = (key: string, policy: string): boolean =>
    conditions.some((each) => each.key === key && (each.reason === 'ObjectClaimedByOtherPolicy' ? each.policy?.name === policy : each.status === 'FAILED' || each.status === 'DRIFTED'));
  return [...history].flatMap(([policy, versions]) => {
    const intent = versions.at(-1);
    return (intent === undefined ? [] : objectsOf(intent)).flatMap((object) => {
      const key = formatObjectKey(objectKeyOf(object));
      return excused(key, policy) || holds(live.get(key), object) ? [] : [`${key} of ${policy} in ${cluster}`];
    });
  });
}

const holds = (live: unknown, wanted: unknown): boolean =>
  typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)
    ? isDeepStrictEqual(live, wanted)
    : typeof live === 'object' && live !== null && Object.entries(wanted).every(([field, value]) => holds((live as Record<string, unknown>)[field], value)); // an object, as just checked

const allTrue = (history: History, why: string): Promise<void> => until(`clusters are as they are said to be: ${why}`, 60_000, async () => (await Promise.all(NAMES.map((name) => untrue(name, history)))).flat().length === 0);

it(`what a preview and its dry run say is what agents then do, in ${CASES} changes at random among objects of others`, { retry: 0, timeout: CASES * 15_000 }, async () => {
  const seed = Number(process.env['MESHFLEET_SEED'] ?? 11);
  const roll = dice(seed);
  const history: History = new Map();
  const seen = new Map<string, number>();
  const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  await until('both agents have reported, and can be asked', 30_000, async () => {
    const manifests = JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'one', namespace: 'shop' }, spec: { hosts: ['a'] } });
    const { clusters } = await preview({ apply: { name: 'first', force: true, manifests, placement: { clusterNames: NAMES }, drift: 'REPORT', conflicts: 'REPORT' } });
    return NAMES.every((name) => clusters.get(name)?.dryRun.error === null);
  });
  for (let number = 0; number < CASES; number += 1) {
    if (roll() < 0.5) await meddle(randomMeddling(roll, number));
    const contest = roll() < 0.08 ? randomContest(roll, number, history) : undefined;
    for (let times = 0; contest !== undefined && times < 6; times += 1) {
      await allTrue(history, `before somebody insists once more, at change ${number}`);
      await meddle(contest.insisted);
    }
    const change = contest?.change ?? randomChange(roll, number, history);
    const intent = intentOf(change, history);
    const what = `change ${number}: ${JSON.stringify(change)}`;
    await allTrue(history, what);
    const before = new Map<string, number>();
    for (const name of NAMES) before.set(name, (await clusterState(name)).revision);

    let live = await liveEverywhere();
    let shown = await preview(change);
    // What agents have told of others' objects is a moment old; and what somebody has just written may let an agent apply what it could not before.
    await until(`others' objects are known, and stand still: ${what}`, 30_000, async () => {
      const known = shown.refused || NAMES.every((name) => {
        const { conflicts = [], diff = { added: [], changed: [] } } = shown.clusters.get(name) ?? {};
        const told = conflicts.filter(({ reason }) => reason === 'OBJECT_EXISTS').map(({ key }) => key);
        // What another policy gets by this change is not told of this one.
        const there = [...(live.get(name) ?? [])].filter(([key, object]) => key.startsWith('VirtualService') && namesObject(intent, key) && !isOurs(object)).map(([key]) => key);
        // Of an object that is asked for as before it is told only where the leave is another.
        const written = new Set([...diff.added, ...diff.changed].map(({ key }) => key));
        return told.every((key) => there.includes(key)) && there.every((key) => told.includes(key) || !written.has(key));
      });
      const after = await liveEverywhere();
      if (known && isDeepStrictEqual(after, live)) return true;
      live = after;
      shown = await preview(change);
      return false;
    });
    expect(await make(change), what).toBe(!shown.refused);
    if (shown.refused) continue;
    await keep(history, change);
    const policy = 'delete' in change ? undefined : policyOf(change);
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
      expect.soft(conflicts.filter(({ reason }) => reason === 'HELD_BY_OLDER_POLICY').map(({ key }) => key).sort(), `${what} in ${name}`).toEqual(lost.sort());
      if (lost.length > 0) count('HELD_BY_OLDER_POLICY');
      for (const { reason, manager } of conflicts) if (reason === 'OBJECT_EXISTS') count(`OBJECT_EXISTS ${manager === null ? 'by nobody' : ''}`);
      const then = await liveObjects(name);
      for (const object of dryRun.objects) {
        const where = `${what} in ${name}: ${JSON.stringify(object)}, and it came to ${JSON.stringify(after.conditions.filter(({ key }) => key === object.key))}`;
        count(`${object.outcome} ${object.reason}`);
        const was = live.get(name)?.get(object.key);
        const failed = after.conditions.filter(({ key, reason }) => key === object.key && reason === 'Conflict');
        if (object.outcome === 'CONFLICT') {
          const [told, foretold] = [failed.flatMap(({ fields }) => fields), new Set(object.conflicts.map(({ field }) => field))];
          // Of one object one thing is told of a policy: of one that lost a label to another, that.
          const lostSome = after.conditions.some(({ key, reason }) => key === object.key && reason === 'ObjectClaimedByOtherPolicy');
          if (lostSome) expect.soft([...foretold], where).toEqual(expect.arrayContaining(told));
          else {
            expect.soft(failed.map(({ status }) => status), where).toContain('FAILED');
            expect.soft([...new Set(told)].sort(), where).toEqual([...foretold].sort());
            expect.soft(object.conflicts.map(({ manager }) => manager), where).toContain(failed[0]?.manager);
          }
        } else expect.soft(failed, where).toEqual([]);
        const drifted = after.conditions.filter(({ key, status }) => key === object.key && status === 'DRIFTED').map(({ reason }) => reason);
        expect.soft(drifted.some((reason) => reason === 'Contested'), where).toBe(object.reason === 'Contested');
        if (object.reason !== 'HandedBack') expect.soft(drifted.length > 0, where).toBe(object.reason === 'Contested' || object.reason === 'Drifted');
        // What the policy names no more is given back all the same.
        expect.soft(saidLive(then.get(object.key)), where).toEqual(object.diff === null || !object.diff.includes('@@') ? saidLive(was) : patched(was, object.diff));
      }
    }
  }
  if (process.env['MESHFLEET_SEED'] !== undefined) console.log(`seed ${seed}: ${JSON.stringify([...seen])}`);
  // The test would be worth little if it met none of these.
  expect([...seen.keys()], JSON.stringify([...seen])).toEqual(expect.arrayContaining(['CREATED ', 'CONFLICT Conflict', 'CHANGED TakenOver', 'REMOVED ', 'HANDED_BACK ', 'HELD_BY_OLDER_POLICY', 'OBJECT_EXISTS ']));
});

const isOurs = (object: KubeObject | undefined): boolean => object?.metadata.labels?.['meshfleet.io/managed'] !== undefined;
