import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertCluster } from '../../apps/api/src/testing/populate.ts';
import { startTestApi, type TestApi } from '../../apps/api/src/testing/test-api.ts';
import { applyPolicyChanges } from '../../apps/reconciler/src/events/apply-policy-changes.ts';
import { dice } from '../../apps/reconciler/src/testing/dying-store.fixture.ts';
import { keptFrom } from './kept-from.ts';

/** Random changes in a row; more of them by MESHFLEET_PREVIEW_CASES. */
const CASES = Number(process.env['MESHFLEET_PREVIEW_CASES'] ?? 200);

let api: TestApi;
let ada: { id: string; slug: string; token: string };
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  for (const [index, labels] of [{ env: 'prod', team: 'a' }, { env: 'prod' }, { env: 'dev', team: 'b' }, { env: 'dev', team: 'a' }, {}, { env: 'prod', team: 'b' }].entries()) {
    await insertCluster(api, ada.id, `c${index}`, labels);
  }
});
afterAll(() => api.close());

interface Diff {
  readonly added: readonly object[];
  readonly changed: readonly object[];
  readonly removed: readonly object[];
}
interface Previewed {
  readonly policyPreview: {
    readonly userErrors: readonly object[];
    readonly clusters: { readonly nodes: readonly { readonly cluster: { readonly name: string }; readonly changed: boolean; readonly diff: Diff; readonly conflicts: readonly { readonly key: string; readonly reason: string }[] }[] };
  };
}
interface Held {
  readonly organization: { readonly clusters: { readonly nodes: readonly { readonly name: string; readonly desiredState: { readonly revision: number } | null }[] } };
}

const DIFF = 'added { key diff } changed { key diff } removed { key diff }';
const PREVIEW = `query ($apply: PolicyApplyInput, $delete: PolicyDeleteInput) { policyPreview(apply: $apply, delete: $delete) {
  userErrors { code message } clusters(first: 100) { nodes { cluster { name } changed diff { ${DIFF} } conflicts { key reason } } } } }`;
const APPLY = 'mutation ($apply: PolicyApplyInput!) { policyApply(input: $apply) { userErrors { code message } } }';
const DELETE = 'mutation ($delete: PolicyDeleteInput!) { policyDelete(input: $delete) { userErrors { code message } } }';

async function ask<T>(query: string, variables: object = {}): Promise<T> {
  const { data, errors } = await api.query<T>(ada.token, query, variables);
  expect(errors).toEqual([]);
  return data;
}

const revisions = async (): Promise<Map<string, number>> => {
  const { organization } = await ask<Held>('{ organization { clusters(first: 100) { nodes { name desiredState { revision } } } } }');
  return new Map(organization.clusters.nodes.map(({ name, desiredState }) => [name, desiredState?.revision ?? 0]));
};

/** What the last revision of a cluster changed against an earlier one. */
async function changesSince(name: string, revision: number): Promise<Diff> {
  const { cluster } = await ask<{ cluster: { desiredState: { diff: Diff } } }>(`query ($name: String!, $revision: Int!) { cluster(name: $name) { desiredState { diff(against: $revision) { ${DIFF} } } } }`, { name, revision });
  return cluster.desiredState.diff;
}

/** The reconciler's work, and now and then an agent that has carried everything out. */
async function reconcile(acknowledge: boolean): Promise<void> {
  const { rows } = await api.db.admin.query<{ id: string }>('select id from policy where organization_id = $1 and not placed', [ada.id]);
  await applyPolicyChanges(api.db.store, { organizationId: ada.id, changes: rows.map(({ id }) => ({ policyId: id, actor: 'user:ada' })) });
  if (acknowledge) await api.db.admin.query('update cluster set acked_epoch = 1, acked_revision = desired_revision where organization_id = $1', [ada.id]);
}

/** A change of some policy, at random. */
function randomChange(roll: () => number): { apply: object } | { delete: object } {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(roll() * list.length)] as T; // lists are never empty
  const name = pick(['p1', 'p2', 'p3', 'p4']);
  if (roll() < 0.15) return { delete: { name } };
  const host = (): string => pick(['a.example.com', 'b.example.com', '${cluster.name}.example.com', '${cluster.labels.team}.example.com', '${cluster.labels.team:-nobody}.example.com', '${var.host}']);
  const entry = (object: string): string => `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: "${object}", namespace: shop}\nspec: {hosts: ["${host()}"], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}\n`;
  const objects = ['e1', 'e2', 'e3', 'e-${cluster.region}'].filter(() => roll() < 0.5);
  // Several policies label the same namespaces, some of them with the same label.
  const labels = ['team', 'istio.io/rev', 'tier', 'zone'].filter(() => roll() < 0.3).map((label) => `${label}: "${pick(['a', 'b', '${cluster.name}'])}"`);
  const namespace = `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${pick(['shop', 'bank'])}, labels: {${labels.join(', ')}}}\n`;
  const native = { manifests: [...(objects.length === 0 ? ['e1'] : objects).map(entry), ...(labels.length === 0 ? [] : [namespace])].join('---\n'), variables: [{ name: 'host', default: 'default.example.com', values: [{ clusterSelector: 'env=prod', value: 'prod.example.com' }] }] };
  const preset = { preset: { name: 'strict-mutual-tls', parameters: { target: { scope: 'NAMESPACES', namespaces: ['shop'] } } } };
  const patches = roll() < 0.2 ? { patches: [{ clusterSelector: 'env=dev', target: { kind: 'ServiceEntry' }, type: 'MERGE', patch: 'spec: {location: MESH_EXTERNAL}' }] } : {};
  const placement = {
    ...(roll() < 0.85 ? { clusterSelector: pick(['', 'env=prod', 'team', '!env', 'env in (dev)']) } : {}),
    ...(roll() < 0.3 ? { clusterNames: [pick(['c1', 'c4'])] } : {}),
    ...(roll() < 0.2 ? { count: 2 } : {}),
    ...(roll() < 0.2 ? { excludeClusterNames: ['c0'] } : {}),
  };
  const takeOver = roll() < 0.3 && objects.includes('e1') ? { takeOver: [{ object: 'ServiceEntry.networking.istio.io/shop/e1', ...(roll() < 0.5 ? { fields: ['.spec.hosts'] } : {}) }] } : {};
  return { apply: { name, ...(roll() < 0.1 ? preset : { ...native, ...patches, ...takeOver }), placement, allowPartial: true, drift: pick(['CORRECT', 'REPORT']), conflicts: pick(['REPORT', 'FORCE']) } };
}

describe('a preview', () => {
  it(`equals what happens then, in ${CASES} changes at random`, { retry: 0, timeout: 900_000 }, async () => {
    const roll = dice(Number(process.env['MESHFLEET_SEED'] ?? 7));
    let changes = 0;
    let refused = 0;
    let kept = 0;
    for (let number = 0; number < CASES; number += 1) {
      const change = randomChange(roll);
      const what = `change ${number}: ${JSON.stringify(change)}`;
      const before = await revisions();
      const { policyPreview } = await ask<Previewed>(PREVIEW, change);
      const done = await ask<Record<string, { userErrors: readonly object[] }>>('apply' in change ? APPLY : DELETE, change);
      const refusals = Object.values(done).flatMap(({ userErrors }) => userErrors);
      // What is refused is refused by both.
      expect(policyPreview.userErrors.length > 0, what).toBe(refusals.length > 0);
      if (refusals.length > 0) refused += 1;
      await reconcile(roll() < 0.5);
      const after = await revisions();
      const foreseen = new Map(policyPreview.clusters.nodes.filter(({ changed }) => changed).map(({ cluster, diff }) => [cluster.name, diff]));
      const happened = [...after].filter(([name, revision]) => revision !== before.get(name)).map(([name]) => name);
      // The first revision says that there is nothing, which is no change to what a cluster holds.
      const first = (name: string): boolean => before.get(name) === 0 && !foreseen.has(name);
      expect([...foreseen.keys()].sort(), what).toEqual(happened.filter((name) => !first(name)).sort());
      if ('apply' in change && refusals.length === 0) {
        // Two policies may each keep labels of one object.
        const held = [...new Set(policyPreview.clusters.nodes.flatMap(({ cluster, conflicts }) => conflicts.filter(({ reason }) => reason === 'HELD_BY_OLDER_POLICY').map(({ key }) => `${cluster.name} ${key}`)))];
        expect(held.sort(), what).toEqual(await keptFrom(api, ada.id, (change.apply as { name: string }).name));
        kept += held.length;
      }
      for (const [name, diff] of foreseen) {
        expect(diff, `${what} in ${name}`).toEqual(await changesSince(name, before.get(name) ?? 0));
        changes += 1;
      }
    }
    // The test would be worth little if hardly anything were changed, or nothing refused.
    expect(changes).toBeGreaterThan(CASES);
    expect(kept).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(CASES / 2);
  });
});
