import { newFindings } from '@meshfleet/istio/analysis';
import type { Finding } from '@meshfleet/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../apps/api/src/testing/test-api.ts';
import { dice } from '../../apps/reconciler/src/testing/dying-store.fixture.ts';
import { keptFrom } from './kept-from.ts';
import { PreviewedFleet } from './preview-foretells/previewed-fleet.ts';
import { randomChange } from './preview-foretells/random-change.ts';
import { reachedBy, type Reached } from './preview-foretells/what-is-there.ts';

// What preview-equals.spec.ts leaves out: analysed objects, refusals, roll-backs, and whom a change reaches.
/** Random changes in a row; more of them by MESHFLEET_PREVIEW_CASES. Ids are others in each run, and so is what sticky placements pick. */
const CASES = Number(process.env['MESHFLEET_PREVIEW_CASES'] ?? 40);
/** So many meet everything that the test is about. */
const ENOUGH = 200;

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let fleet: PreviewedFleet;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  fleet = new PreviewedFleet(api, ada);
  await fleet.begin();
});
afterAll(() => api.close());

interface Problem {
  readonly code: string;
  readonly message: string;
}
interface Diff {
  readonly added: readonly { readonly key: string }[];
  readonly changed: readonly { readonly key: string }[];
  readonly removed: readonly { readonly key: string }[];
}
interface PreviewedCluster {
  readonly cluster: { readonly name: string };
  readonly changed: boolean;
  readonly diff: Diff;
  readonly conflicts: readonly { readonly key: string; readonly reason: string }[];
  readonly blastRadius: Reached;
  readonly findings: { readonly introduced: readonly Finding[]; readonly resolved: readonly Finding[] };
}
interface Previewed {
  readonly policyPreview: { readonly userErrors: readonly Problem[]; readonly warnings: readonly Problem[]; readonly refusals: readonly Problem[]; readonly clusters: { readonly nodes: readonly PreviewedCluster[] } };
}

const DIFF = 'added { key diff } changed { key diff } removed { key diff }';
const FINDINGS = '{ code severity object message }';
const PREVIEW = `query ($apply: PolicyApplyInput, $delete: PolicyDeleteInput, $rollBack: PolicyRollBackInput) { policyPreview(apply: $apply, delete: $delete, rollBack: $rollBack) {
  userErrors { code message } warnings { code message } refusals { code message } clusters(first: 6) { nodes { cluster { name } changed diff { ${DIFF} } conflicts { key reason }
    blastRadius { namespaces workloads services } findings { introduced ${FINDINGS} resolved ${FINDINGS} } } } } }`;
const MUTATIONS = {
  apply: 'mutation ($apply: PolicyApplyInput!) { done: policyApply(input: $apply) { policy { currentVersion { version } } warnings { code message } userErrors { code message } } }',
  delete: 'mutation ($delete: PolicyDeleteInput!) { done: policyDelete(input: $delete) { warnings { code message } userErrors { code message } } }',
  rollBack: 'mutation ($rollBack: PolicyRollBackInput!) { done: policyRollBack(input: $rollBack) { policy { currentVersion { version } } warnings { code message } userErrors { code message } } }',
};

/** What the last revision of a cluster changed against an earlier one. */
async function changesSince(name: string, revision: number): Promise<Diff> {
  const { cluster } = await fleet.ask<{ cluster: { desiredState: { diff: Diff } } }>(`query ($name: String!, $revision: Int!) { cluster(name: $name) { desiredState { diff(against: $revision) { ${DIFF} } } } }`, { name, revision });
  return cluster.desiredState.diff;
}

/** Something stands in the way of some changes: a freeze, or a rollout of another policy that touches one of the same objects. Returns what ends it. */
async function hinder(roll: () => number): Promise<() => Promise<void>> {
  const what = roll();
  if (what < 0.08) {
    const { freezeCreate } = await fleet.ask<{ freezeCreate: { freeze: { id: string } } }>('mutation ($input: FreezeCreateInput!) { freezeCreate(input: $input) { freeze { id } } }', { input: { reason: 'audit', ...(roll() < 0.5 ? { clusterSelector: 'env=prod' } : {}) } });
    return async () => void (await fleet.ask('mutation ($id: ID!) { freezeEnd(input: {id: $id}) { userErrors { code } } }', { id: freezeCreate.freeze.id }));
  }
  if (what >= 0.16) return () => Promise.resolve();
  const { policyApply } = await fleet.ask<{ policyApply: { rollout: { id: string } | null; userErrors: readonly Problem[] } }>('mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { rollout { id } userErrors { code message } } }', {
    input: { name: 'twin', manifests: `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: e1, namespace: shop}\nspec: {hosts: ["t${Math.floor(roll() * 1e6)}.example.com"], resolution: DNS}\n`, placement: { clusterSelector: 'env=prod' }, rollout: { waves: [{ percent: 100, gates: { approval: { when: 'BEFORE' } } }] } },
  });
  expect(policyApply.userErrors).toEqual([]);
  const id = policyApply.rollout?.id ?? '';
  const advance = (): Promise<void> => fleet.advance(Buffer.from(id, 'base64url').toString().slice(2));
  // It waits for an approval, and touches nothing.
  await advance();
  return async () => {
    const { rolloutAbort } = await fleet.ask<{ rolloutAbort: { userErrors: readonly Problem[] } }>('mutation ($id: ID!) { rolloutAbort(input: {id: $id, rollback: false}) { userErrors { code message } } }', { id });
    expect(rolloutAbort.userErrors).toEqual([]);
    await advance();
  };
}

const texts = (findings: readonly Finding[]): string[] => findings.map(({ code, severity, object, message }) => JSON.stringify({ code, severity, object, message })).sort();

describe('a preview', () => {
  it(`foretells refusals, changes, findings and whom they reach, in ${CASES} changes at random`, { retry: 0, timeout: 1_800_000 }, async () => {
    const roll = dice(Number(process.env['MESHFLEET_SEED'] ?? 7));
    const seen = new Map<string, number>();
    const count = (what: string, times = 1): void => void seen.set(what, (seen.get(what) ?? 0) + times);
    const newest = new Map<string, number>();
    for (let number = 0; number < CASES; number += 1) {
      const release = await hinder(roll);
      const change = randomChange(roll, newest);
      const [[kind, input]] = Object.entries(change) as [[keyof typeof MUTATIONS, { readonly name: string }]]; // one argument of three
      const what = `change ${number}: ${JSON.stringify(change)}`;
      const before = await fleet.revisions();
      const names = [...before.keys()];
      const wasInSync = fleet.inSync;
      const held = new Map(await Promise.all(names.map(async (name) => [name, await fleet.held(name)] as const)));
      const found = new Map(names.map((name) => [name, fleet.findings(name)]));
      const { policyPreview } = await fleet.ask<Previewed>(PREVIEW, change);
      const { done } = await fleet.ask<{ done: { policy?: { currentVersion: { version: number } } | null; warnings: readonly Problem[]; userErrors: readonly Problem[] } }>(MUTATIONS[kind], change);

      // What is refused is refused by both, in the same words; the mutation tells one kind of what the preview tells.
      const refused = policyPreview.userErrors.length > 0 ? policyPreview.userErrors : policyPreview.refusals;
      expect(done.userErrors, what).toEqual(policyPreview.userErrors.length > 0 ? refused : refused.slice(0, done.userErrors.length));
      expect(done.userErrors.length > 0, what).toBe(refused.length > 0);
      const isRefused = done.userErrors.length > 0;
      count(isRefused ? `refused ${kind} ${done.userErrors[0]?.code ?? ''}` : `done ${kind}`);
      if (!isRefused) {
        expect(done.warnings.filter(({ code }) => code !== 'FINDING_INTRODUCED'), what).toEqual(policyPreview.warnings);
        const version = done.policy?.currentVersion.version;
        if (version === undefined) newest.delete(input.name);
        else newest.set(input.name, version);
      }

      await fleet.reconcile(roll() < 0.7);
      const after = await fleet.revisions();
      const foreseen = new Map((isRefused ? [] : policyPreview.clusters.nodes).filter(({ changed }) => changed).map((node) => [node.cluster.name, node]));
      const happened = [...after].filter(([name, revision]) => revision !== before.get(name)).map(([name]) => name);
      // The first revision says that there is nothing, which is no change to what a cluster holds.
      const first = (name: string): boolean => before.get(name) === 0 && !foreseen.has(name);
      expect([...foreseen.keys()].sort(), what).toEqual(happened.filter((name) => !first(name)).sort());
      if (kind !== 'delete' && !isRefused) {
        const lost = policyPreview.clusters.nodes.flatMap(({ cluster, conflicts }) => conflicts.filter(({ reason }) => reason === 'HELD_BY_OLDER_POLICY').map(({ key }) => `${cluster.name} ${key}`));
        expect(lost.sort(), what).toEqual(await keptFrom(api, ada.id, input.name));
        count('kept by an older policy', lost.length);
      }
      for (const [name, { diff, blastRadius }] of foreseen) {
        const where = `${what} in ${name}`;
        expect(diff, where).toEqual(await changesSince(name, before.get(name) ?? 0));
        count(`changed by ${kind}`);
        const holds = await fleet.held(name);
        const keys = [...diff.added, ...diff.changed, ...diff.removed].map(({ key }) => key);
        expect(blastRadius, where).toEqual(reachedBy(keys.flatMap((key) => [held.get(name)?.get(key), holds.get(key)]).filter((object) => object !== undefined)));
        count('reached', blastRadius.workloads.length);
      }
      // What has not been told yet the analysis cannot have found.
      if (wasInSync && fleet.inSync) {
        for (const { cluster, findings } of isRefused ? [] : policyPreview.clusters.nodes) {
          const now = fleet.findings(cluster.name);
          // The same error of one place in other words is the same error, in a preview too.
          const was = found.get(cluster.name) ?? [];
          expect({ introduced: texts(findings.introduced), resolved: texts(findings.resolved) }, `${what} in ${cluster.name}`).toEqual({ introduced: texts(newFindings(was, now)), resolved: texts(newFindings(now, was)) });
          count('introduced', findings.introduced.length);
          count('resolved', findings.resolved.length);
        }
      }
      await release();
    }
    // The test would be worth little if it met none of these.
    const often = ['done apply', 'done delete', 'changed by apply', 'reached'];
    const seldom = ['done rollBack', 'changed by delete', 'changed by rollBack', 'kept by an older policy', 'introduced', 'resolved', 'refused apply FINDING_INTRODUCED', 'refused apply FROZEN', 'refused apply ROLLOUT_ACTIVE', 'refused apply CONFLICT', 'refused rollBack NOT_FOUND'];
    expect([...often, ...(CASES < ENOUGH ? [] : seldom)].filter((each) => (seen.get(each) ?? 0) === 0), JSON.stringify([...seen])).toEqual([]);
  });
});
