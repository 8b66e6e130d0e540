import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertCluster, manifest } from '../../apps/api/src/testing/populate.ts';
import { reportInventory } from '../../apps/api/src/testing/report-inventory.ts';
import { startTestApi, type TestApi } from '../../apps/api/src/testing/test-api.ts';
import { applyPolicyChanges } from '../../apps/reconciler/src/events/apply-policy-changes.ts';

// Who else has what a policy wants is known only where the reconciler has composed states.

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let frankfurt: string;
const key = (name: string): string => `PeerAuthentication.security.istio.io/shop/${name}`;
const theirs = { apiVersion: 'security.istio.io/v1', hash: 'h', managedBy: 'argocd-controller', spec: {} };

beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  frankfurt = await insertCluster(api, ada.id, 'frankfurt', { env: 'prod' });
});
afterAll(() => api.close());

const intent = (name: string, objects: readonly string[], mode = 'STRICT', more: object = {}) => ({ name, manifests: objects.map((each) => manifest(each, mode)).join('---\n'), placement: { clusterSelector: 'env=prod' }, ...more });

async function apply(input: object): Promise<void> {
  const { data, errors } = await api.query<{ policyApply: { userErrors: object[] } }>(ada.token, 'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { code message } } }', { input });
  expect([errors, data.policyApply.userErrors]).toEqual([[], []]);
  const { rows } = await api.db.admin.query<{ id: string }>('select id from policy where organization_id = $1 and not placed', [ada.id]);
  await applyPolicyChanges(api.db.store, { organizationId: ada.id, changes: rows.map(({ id }) => ({ policyId: id, actor: 'user:ada' })) });
}

interface Foreseen {
  readonly changed: boolean;
  readonly diff: { readonly added: object[]; readonly changed: object[]; readonly removed: object[] };
  readonly conflicts: readonly { readonly key: string; readonly reason: string; readonly manager: string | null; readonly policy: { readonly name: string } | null; readonly message: string }[];
}

async function preview(variables: object): Promise<Foreseen | undefined> {
  const { data, errors } = await api.query<{ policyPreview: { clusters: { nodes: Foreseen[] } } }>(
    ada.token,
    `query ($apply: PolicyApplyInput, $delete: PolicyDeleteInput) { policyPreview(apply: $apply, delete: $delete) { clusters(first: 1) { nodes { changed
      diff { added { key } changed { key } removed { key } } conflicts { key reason manager policy { name } message } } } } }`,
    variables,
  );
  expect(errors).toEqual([]);
  return data.policyPreview.clusters.nodes[0];
}

describe('the preview of a policy beside others', () => {
  it('tells which objects an older policy keeps, and that nothing comes of them', { retry: 0 }, async () => {
    await apply(intent('older', ['shared', 'own']));
    const foreseen = await preview({ apply: intent('younger', ['shared', 'fresh'], 'PERMISSIVE') });
    expect(foreseen?.conflicts).toEqual([{ key: key('shared'), reason: 'HELD_BY_OLDER_POLICY', manager: null, policy: { name: 'older' }, message: 'The older policy older keeps it.' }]);
    expect(foreseen?.diff).toEqual({ added: [{ key: key('fresh') }], changed: [], removed: [] });
    await apply(intent('younger', ['shared', 'fresh'], 'PERMISSIVE'));
    // When the older one goes, the younger has it: it changes, and is not removed.
    expect(await preview({ delete: { name: 'older' } })).toMatchObject({ diff: { added: [], changed: [{ key: key('shared') }], removed: [{ key: key('own') }] }, conflicts: [] });
  });

  it('tells who has an object that the policy has asked for before and could not take', { retry: 0 }, async () => {
    await apply(intent('taker', ['contested', 'ours']));
    await reportInventory(api, ada.id, frankfurt, { [key('contested')]: theirs, [key('ours')]: { ...theirs, managedBy: 'meshfleet' } });
    const foreseen = await preview({ apply: intent('taker', ['contested', 'ours'], 'PERMISSIVE') });
    expect(foreseen?.diff.changed).toHaveLength(2);
    expect(foreseen?.conflicts).toMatchObject([{ key: key('contested'), reason: 'OBJECT_EXISTS', manager: 'argocd-controller', message: expect.stringContaining('stays as it is') as string }]);
    // To take it over is a change of the same object, and said so.
    const taken = await preview({ apply: intent('taker', ['contested', 'ours'], 'STRICT', { takeOver: [{ object: key('contested') }] }) });
    expect(taken?.conflicts).toMatchObject([{ key: key('contested'), message: expect.stringContaining('are taken over') as string }]);
    // What stays as it was asked for is no news.
    expect((await preview({ apply: intent('taker', ['contested', 'ours', 'more']) }))?.conflicts).toEqual([]);
  });
});
