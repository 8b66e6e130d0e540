import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertCluster, manifest } from '../testing/populate.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let policyId: string;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  await insertCluster(api, ada.id, 'frankfurt', { env: 'prod' });
  await insertCluster(api, ada.id, 'dublin', { env: 'dev' });
  const variables = [{ name: 'mode', default: 'STRICT', values: [{ clusterSelector: 'env=dev', value: 'PERMISSIVE' }] }];
  policyId = (await mutate('policyApply', { name: 'mtls', manifests: manifest('first', '"${var.mode}"'), variables, placement: { clusterSelector: '' } })).policy?.id ?? '';
  await mutate('policyApply', { name: 'mtls', manifests: manifest('second'), placement: { clusterSelector: 'env=prod' } });
});
afterAll(() => api.close());

interface Problem {
  readonly code: string;
  readonly field: readonly string[] | null;
  readonly message: string;
}
interface Preview {
  readonly clusters: { readonly nodes: readonly { readonly cluster: { readonly name: string }; readonly diff: { readonly added: readonly { readonly key: string; readonly diff: string }[] } }[] };
  readonly refusals: readonly Problem[];
  readonly userErrors: readonly Problem[];
}

async function mutate(mutation: 'policyApply' | 'policyRollBack' | 'policyDelete', input: object, token = ada.token): Promise<{ policy: { id: string } | null; userErrors: readonly Problem[] }> {
  const type = `P${mutation.slice(1)}Input`;
  const { data, errors } = await api.query<Record<string, { policy: { id: string } | null; userErrors: readonly Problem[] }>>(token, `mutation ($input: ${type}!) { ${mutation}(input: $input) { policy { id } userErrors { code field message } } }`, { input });
  expect(errors).toEqual([]);
  return data[mutation] as { policy: { id: string } | null; userErrors: readonly Problem[] }; // the mutation that was asked for
}

async function preview(rollBack: object, token = ada.token): Promise<Preview> {
  const { data, errors } = await api.query<{ policyPreview: Preview }>(
    token,
    `query ($rollBack: PolicyRollBackInput) { policyPreview(rollBack: $rollBack) { clusters(first: 10) { nodes { cluster { name } diff { added { key diff } } } } refusals { code field message } userErrors { code field message } } }`,
    { rollBack },
  );
  expect(errors).toEqual([]);
  return data.policyPreview;
}

/** What the mutation says, as the preview names the input. */
const asPreviewed = (errors: readonly Problem[]): Problem[] => errors.map((error) => ({ ...error, field: ['rollBack', ...(error.field ?? []).slice(1)] }));

describe('the preview of a return to an earlier version', () => {
  it.each([['by name', () => ({ name: 'mtls' })], ['by id', () => ({ id: policyId })]])('shows %s what the earlier version says of each cluster, where it was placed', async (_how, named) => {
    const { clusters, refusals, userErrors } = await preview({ ...named(), version: 1 });
    expect([userErrors, refusals]).toEqual([[], []]);
    expect(clusters.nodes).toMatchObject([
      { cluster: { name: 'dublin' }, diff: { added: [{ key: 'PeerAuthentication.security.istio.io/shop/first', diff: expect.stringContaining('mode: PERMISSIVE') as string }] } },
      { cluster: { name: 'frankfurt' }, diff: { added: [{ key: 'PeerAuthentication.security.istio.io/shop/first', diff: expect.stringContaining('mode: STRICT') as string }] } },
    ]);
  });

  it.each([
    ['a version that never was', { name: 'mtls', version: 9 }, 'NOT_FOUND'],
    ['a policy that never was', { name: 'nobody', version: 1 }, 'NOT_FOUND'],
    ['an id that is none', { id: 'bm9uZQ', version: 1 }, 'NOT_FOUND'],
    ['no policy', { version: 1 }, 'INVALID_INPUT'],
    ['a version before the first', { name: 'mtls', version: 0 }, 'INVALID_INPUT'],
    ['a strategy that is none', { name: 'mtls', version: 1, rollout: { waves: [{ percent: 400 }] } }, 'INVALID_INPUT'],
  ])('refuses %s as the mutation does', async (_what, input, code) => {
    const { userErrors, clusters } = await preview(input);
    expect(userErrors).toMatchObject([{ code }]);
    expect(userErrors).toEqual(asPreviewed((await mutate('policyRollBack', input)).userErrors));
    expect(clusters.nodes).toEqual([]);
  });

  it('shows nothing of another tenant’s policy, by name or by id', async () => {
    const eve = await api.organization('eve', 'evil');
    for (const named of [{ name: 'mtls' }, { id: policyId }]) {
      const { userErrors, clusters } = await preview({ ...named, version: 1 }, eve.token);
      expect(userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
      expect(userErrors).toEqual(asPreviewed((await mutate('policyRollBack', { ...named, version: 1 }, eve.token)).userErrors));
      expect(clusters.nodes).toEqual([]);
    }
  });

  it('refuses to bring back what was deleted', async () => {
    const { policy } = await mutate('policyApply', { name: 'gone', manifests: manifest('gone'), placement: { clusterSelector: '' } });
    await mutate('policyDelete', { name: 'gone' });
    for (const named of [{ name: 'gone' }, { id: policy?.id }]) {
      const { userErrors } = await preview({ ...named, version: 1 });
      expect(userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
      expect(userErrors).toEqual(asPreviewed((await mutate('policyRollBack', { ...named, version: 1 })).userErrors));
    }
  });

  it('changes nothing, and takes one argument alone', async () => {
    const rows = async () => (await api.db.admin.query('select (select count(*) from policy_version) as versions, (select count(*) from outbox) as events, (select count(*) from audit_event) as audit')).rows;
    const before = await rows();
    await preview({ name: 'mtls', version: 1 });
    expect(await rows()).toEqual(before);
    const { data } = await api.query<{ policyPreview: Preview }>(ada.token, '{ policyPreview(rollBack: {name: "mtls", version: 1}, delete: {name: "mtls"}) { userErrors { code } } }');
    expect(data.policyPreview.userErrors).toMatchObject([{ code: 'INVALID_INPUT' }]);
  });
});
