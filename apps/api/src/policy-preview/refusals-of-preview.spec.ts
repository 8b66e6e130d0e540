import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { insertCluster, manifest } from '../testing/populate.ts';
import { reportInventory } from '../testing/report-inventory.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let name: string;
let count = 0;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  const frankfurt = await insertCluster(api, ada.id, 'frankfurt', { env: 'prod' });
  await reportInventory(api, ada.id, frankfurt, { 'Namespace/shop': { labels: {} }, 'Service/shop/web': { type: 'ClusterIP', selector: {}, ports: [{ name: 'http', port: 80 }] } });
});
afterAll(() => api.close());
beforeEach(async () => {
  count += 1;
  name = `policy-${count}`;
  await ask('policyApply', apply());
});
afterEach(async () => {
  const { data } = await api.query<{ organization: { freezes: { nodes: { id: string }[] } } }>(ada.token, '{ organization { freezes(first: 10) { nodes { id } } } }');
  for (const { id } of data.organization.freezes.nodes) await api.query(ada.token, 'mutation ($id: ID!) { freezeEnd(input: {id: $id}) { userErrors { code } } }', { id });
});

interface Problem {
  readonly code: string;
  readonly field: readonly string[] | null;
  readonly message: string;
}
type Mutation = 'policyApply' | 'policyDelete' | 'policyRollBack';
const ARGUMENTS = { policyApply: 'apply', policyDelete: 'delete', policyRollBack: 'rollBack' } as const;
const PROBLEM = '{ code field message }';

async function ask(mutation: Mutation, input: object): Promise<readonly Problem[]> {
  const { data, errors } = await api.query<Record<string, { userErrors: readonly Problem[] }>>(ada.token, `mutation ($input: P${mutation.slice(1)}Input!) { ${mutation}(input: $input) { userErrors ${PROBLEM} } }`, { input });
  expect(errors).toEqual([]);
  return data[mutation]?.userErrors ?? [];
}

async function refusals(mutation: Mutation, input: object): Promise<readonly Problem[]> {
  const argument = ARGUMENTS[mutation];
  const { data, errors } = await api.query<{ policyPreview: { refusals: readonly Problem[]; userErrors: readonly Problem[] } }>(ada.token, `query ($input: P${mutation.slice(1)}Input) { policyPreview(${argument}: $input) { refusals ${PROBLEM} userErrors ${PROBLEM} } }`, { input });
  expect(errors).toEqual([]);
  expect(data.policyPreview.userErrors).toEqual([]);
  return data.policyPreview.refusals.map((refusal) => ({ ...refusal, field: refusal.field?.[0] === argument ? ['input', ...refusal.field.slice(1)] : refusal.field }));
}

const apply = (more: object = {}): object => ({ name, manifests: manifest(name), placement: { clusterSelector: 'env=prod' }, ...more });
const another = { manifests: manifest('other', 'PERMISSIVE') };
const lost = { manifests: 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web, namespace: shop}\nspec: {hosts: [web], http: [{route: [{destination: {host: nowhere}}]}]}\n' };

const freeze = async (): Promise<void> => {
  await api.query(ada.token, 'mutation { freezeCreate(input: {reason: "audit"}) { userErrors { code } } }');
};
const beginRollout = async (of: string, manifests: string): Promise<void> => {
  expect(await ask('policyApply', { name: of, manifests, placement: { clusterSelector: 'env=prod' }, rollout: {} })).toEqual([]);
};

describe('what a preview says would refuse a change', () => {
  const ALL: [Mutation, (more?: object) => object][] = [
    ['policyApply', (more) => apply({ ...another, ...more })],
    ['policyDelete', (more) => ({ name, ...more })],
    ['policyRollBack', (more) => ({ name, version: 1, ...more })],
  ];

  it.each(ALL)('is nothing where %s is done', async (mutation, input) => {
    expect(await refusals(mutation, input())).toEqual([]);
    expect(await ask(mutation, input())).toEqual([]);
  });

  it.each(ALL)('is a freeze that %s runs into, and none that it waits for or is let through', async (mutation, input) => {
    await freeze();
    expect(await refusals(mutation, input())).toMatchObject([{ code: 'FROZEN' }]);
    expect(await refusals(mutation, input())).toEqual(await ask(mutation, input()));
    expect(await refusals(mutation, input({ rollout: {} }))).toEqual([]);
    expect(await refusals(mutation, input({ ignoreFreeze: true }))).toEqual([]);
    expect(await ask(mutation, input({ ignoreFreeze: true }))).toEqual([]);
  });

  it.each(ALL)('is the policy’s own rollout, unless %s takes its place', async (mutation, input) => {
    await beginRollout(name, manifest(name, 'PERMISSIVE'));
    expect(await refusals(mutation, input())).toMatchObject([{ code: 'ROLLOUT_ACTIVE', field: ['input', 'supersede'] }]);
    expect(await refusals(mutation, input())).toEqual(await ask(mutation, input()));
    expect(await refusals(mutation, input({ supersede: true }))).toEqual([]);
    expect(await ask(mutation, input({ supersede: true }))).toEqual([]);
  });

  it.each(ALL)('is another policy’s rollout of the same objects, unless %s queues', async (mutation, input) => {
    await beginRollout(`${name}-twin`, manifest(name, 'PERMISSIVE'));
    expect(await refusals(mutation, input())).toMatchObject([{ code: 'ROLLOUT_ACTIVE', field: ['input', 'rollout'] }]);
    expect(await refusals(mutation, input())).toEqual(await ask(mutation, input()));
    expect(await refusals(mutation, input({ rollout: { onOverlap: 'QUEUE' } }))).toEqual([]);
  });

  it('is the version that was expected and is not there', async () => {
    const stale = apply({ ...another, expectedVersion: 7 });
    expect(await refusals('policyApply', stale)).toMatchObject([{ code: 'CONFLICT' }]);
    expect(await refusals('policyApply', stale)).toEqual(await ask('policyApply', stale));
  });

  it('is nothing for what the policy says already, frozen or not', async () => {
    await freeze();
    expect(await refusals('policyApply', apply())).toEqual([]);
    expect(await ask('policyApply', apply())).toEqual([]);
  });

  it('is everything at once, of which the mutation tells errors that it would bring first, and else all that is in the way', async () => {
    await beginRollout(name, manifest(name, 'PERMISSIVE'));
    await freeze();
    const shown = await refusals('policyApply', apply(lost));
    expect(shown.map(({ code }) => code)).toEqual(['FINDING_INTRODUCED', 'ROLLOUT_ACTIVE', 'FROZEN']);
    expect(await ask('policyApply', apply(lost))).toEqual(shown.slice(0, 1));
    expect(await ask('policyApply', apply({ ...lost, ignoreFindings: ['IST0101'] }))).toEqual(shown.slice(1));
  });

  it('is no error that is ignored by its code or altogether', async () => {
    expect(await refusals('policyApply', apply(lost))).toMatchObject([{ code: 'FINDING_INTRODUCED' }]);
    expect(await refusals('policyApply', apply({ ...lost, ignoreFindings: ['IST0101'] }))).toEqual([]);
    expect(await refusals('policyApply', apply({ ...lost, force: true }))).toEqual([]);
    expect(await ask('policyApply', apply({ ...lost, force: true }))).toEqual([]);
  });
});
