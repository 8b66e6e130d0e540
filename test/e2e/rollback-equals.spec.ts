import type { KubeObject } from '@meshfleet/model';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { policyProgress } from '../../apps/demo/src/policies.ts';
import { refuseProblems, until, type Problems } from '../../apps/demo/src/seed.ts';
import { keepAway } from './keep-away.ts';
import { openFleet, type OpenFleet } from './open-fleet.ts';
import { openClusterEyes, type ClusterEyes, type Held } from './rollback-equals/cluster-eyes.ts';
import { impossible, MODES, namespaceOf, timeout, type Mode, type Said } from './rollback-equals/modes.ts';

const NAMES = ['frankfurt', 'dublin'] as const;
const WAIT_MS = 90_000;
const ONLY = process.env['MESHFLEET_MODE'];

let open: OpenFleet;
const eyes = new Map<string, ClusterEyes>();
beforeAll(async () => {
  open = await openFleet();
  for (const { name } of open.fleet.clusters) eyes.set(name, await openClusterEyes(clusterNamed(open.fleet, name).kubeconfigFile));
}, 240_000);
afterAll(async () => {
  for (const each of eyes.values()) each.close();
  await open.close();
}, 60_000);

// One fleet for all, each in a namespace of its own.
describe.concurrent('a rollout that is rolled back leaves each cluster as it was', () => {
  it.each(MODES.filter(({ name }) => ONLY === undefined || name === ONLY))('$name', async (mode) => {
    const before = await hold(mode);

    const failing = { ...mode.after, objects: [...mode.after.objects, impossible(namespaceOf(mode))] };
    await comesTo(await apply(mode.name, failing, { waves: [{ clusterSelector: 'env=staging' }], failureGraceSeconds: 0 }), 'ROLLED_BACK');
    await holdAgain(mode, before);

    const abandoned = await apply(mode.name, mode.after, { waves: [{ clusterSelector: 'env=staging', gates: { approval: null } }], gates: { approval: { when: 'AFTER' } }, failureGraceSeconds: 0 });
    await comesTo(abandoned, 'WAITING_APPROVAL');
    for (const [name, was] of before) expect(await held(name, mode), name).not.toEqual(was);
    await press('Abort', abandoned);
    await comesTo(abandoned, 'ROLLED_BACK');
    await holdAgain(mode, before);
  }, 300_000);

  it('paused half way: one went back, the other was never touched', async () => {
    const mode = { name: 'paused', before: { objects: [timeout('back-paused', 1)] }, after: { objects: [timeout('back-paused', 2)] } };
    const before = await hold(mode);
    const untouched = await eyes.get('frankfurt')?.held('back-paused');
    const rollout = await apply(mode.name, mode.after, { waves: [{ clusterSelector: 'env=staging' }], gates: { approval: { when: 'AFTER' } } });
    await comesTo(rollout, 'WAITING_APPROVAL');
    await press('Pause', rollout);
    await comesTo(rollout, 'PAUSED');
    await press('Abort', rollout);
    await comesTo(rollout, 'ROLLED_BACK');
    await holdAgain(mode, before);
    expect(await eyes.get('frankfurt')?.held('back-paused')).toEqual(untouched);
  }, 300_000);

  it('away: a cluster that has the version goes back when it is there again, and one that has not never sees it', async () => {
    const both = ['virginia', 'dublin'];
    const strategy = { gates: { approval: { when: 'AFTER' } }, offline: { policy: 'SKIP_UNTIL_BACK', quorumPercent: 50 } };
    const version = (name: string, seconds: number): Said => ({ objects: [timeout('back-away', seconds, name)] });
    for (const name of both) await eyes.get(name)?.apply('helm', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'back-away' } });
    for (const name of ['seen', 'unseen']) {
      await apply(name, version(name, 1), undefined, both);
      await come(name, 'APPLIED');
    }
    const before = (await eyes.get('virginia')?.held('back-away')) ?? {};
    const seen = await apply('seen', version('seen', 2), strategy, both);
    await comesTo(seen, 'WAITING_APPROVAL');
    const comeBack = await keepAway(open, 'virginia');
    const unseen = await apply('unseen', version('unseen', 2), strategy, both);
    await comesTo(unseen, 'WAITING_APPROVAL');
    for (const rollout of [seen, unseen]) await press('Abort', rollout);
    for (const rollout of [seen, unseen]) await comesTo(rollout, 'ROLLED_BACK');
    expect((await eyes.get('virginia')?.held('back-away'))?.['VirtualService/seen']).not.toEqual(before['VirtualService/seen']);
    comeBack();
    const again = { 'VirtualService/seen': { ...before['VirtualService/seen'], generation: 3 } };
    let found: Held = {};
    await until('virginia holds what it held', WAIT_MS, async () => isDeepStrictEqual((found = (await eyes.get('virginia')?.held('back-away')) ?? {}), { ...before, ...again })).catch(() => expect(found).toEqual({ ...before, ...again }));
    for (const name of ['seen', 'unseen']) await come(name, 'APPLIED');
    expect(await eyes.get('virginia')?.held('back-away')).toEqual({ ...before, ...again });
  }, 300_000);
});

/** Everything as it is before the rollout. */
async function hold(mode: Mode): Promise<Map<string, Held>> {
  const namespace = namespaceOf(mode);
  for (const name of NAMES) {
    await eyes.get(name)?.apply('helm', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    for (const { manager, object } of mode.theirs ?? []) await eyes.get(name)?.apply(manager, object);
  }
  const stands = mode.stands ?? 'APPLIED';
  if (mode.first !== undefined) {
    await apply(mode.name, mode.first);
    await come(mode.name, 'APPLIED');
  }
  if (mode.before !== undefined) {
    await apply(mode.name, mode.before);
    await come(mode.name, mode.meddling === undefined ? stands : 'APPLIED');
  }
  if (mode.beside !== undefined) {
    await apply(`${mode.name}-beside`, mode.beside);
    await come(`${mode.name}-beside`, 'FAILED');
  }
  if (mode.meddling !== undefined) {
    for (const name of NAMES) await eyes.get(name)?.apply(mode.meddling.manager, mode.meddling.object);
    await come(mode.name, stands);
  }
  return new Map(await Promise.all(NAMES.map(async (name) => [name, await held(name, mode)] as const)));
}

async function come(policy: string, status: string): Promise<void> {
  await until(`${policy} is ${status}`, WAIT_MS, async () => {
    const progress = [...(await policyProgress(open.client, policy)).values()];
    return progress.length === 2 && progress.every((each) => each.status === status);
  });
}

async function holdAgain(mode: Mode, before: ReadonlyMap<string, Held>): Promise<void> {
  for (const [name, was] of before) {
    let found: Held = {};
    await until(`${name} holds what it held`, 20_000, async () => isDeepStrictEqual((found = await held(name, mode)), was)).catch(() => expect(found, name).toEqual(was));
  }
  if (mode.before !== undefined) await come(mode.name, mode.stands ?? 'APPLIED');
}

async function held(cluster: string, mode: Mode): Promise<Held> {
  const found = (await eyes.get(cluster)?.held(namespaceOf(mode))) ?? {};
  return Object.fromEntries(Object.entries(found).map(([key, object]) => [key, { ...object, generation: undefined, uid: mode.remade?.includes(key) === true ? undefined : object.uid }]));
}

/** Returns the rollout's id, where a strategy is given. */
async function apply(name: string, { objects, ...said }: Said, rollout?: object, clusterNames: readonly string[] = NAMES): Promise<string> {
  const { policyApply } = await open.client.request<{ policyApply: Problems & { rollout: { id: string } | null } }>('mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { rollout { id } userErrors { code message } } }', {
    input: { ...said, name, manifests: objects.map((object: KubeObject) => JSON.stringify(object)).join('\n---\n'), placement: { clusterNames }, force: true, ...(rollout === undefined ? {} : { rollout }) },
  });
  refuseProblems(policyApply);
  return policyApply.rollout?.id ?? '';
}

async function comesTo(id: string, wanted: string): Promise<void> {
  let shown = '';
  await until(`the rollout is ${wanted}`, WAIT_MS, async () => {
    const { node } = await open.client.request<{ node: { status: string; because: string } }>('query ($id: ID!) { node(id: $id) { ... on Rollout { status because } } }', { id });
    shown = `${node.status}: ${node.because}`;
    return node.status === wanted;
  }).catch(() => expect(shown).toBe(wanted));
}

async function press(what: 'Abort' | 'Pause', id: string): Promise<void> {
  const answer = await open.client.request<Record<string, Problems>>(`mutation ($id: ID!) { rollout${what}(input: {id: $id}) { userErrors { code message } } }`, { id });
  refuseProblems(answer[`rollout${what}`] ?? { userErrors: [] });
}
