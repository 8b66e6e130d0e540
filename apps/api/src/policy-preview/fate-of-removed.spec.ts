import { afterAll, beforeAll, expect, it } from 'vitest';
import { holdEverything } from '../testing/hold-everything.ts';
import { insertCluster, manifest } from '../testing/populate.ts';
import { reportInventory } from '../testing/report-inventory.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let frankfurt: string;
const NAMES = ['adopted', 'created', 'theirs', 'unseen'];
const key = (name: string): string => `PeerAuthentication.security.istio.io/shop/${name}`;

beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  frankfurt = await insertCluster(api, ada.id, 'frankfurt', { env: 'prod' });
  const input = { name: 'mtls', manifests: NAMES.map((name) => manifest(name)).join('---\n'), placement: { clusterNames: ['frankfurt'] } };
  const { data } = await api.query<{ policyApply: { userErrors: object[] } }>(ada.token, 'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { message } } }', { input });
  expect(data.policyApply.userErrors).toEqual([]);
  await holdEverything(api, ada.id, frankfurt);
  await reportInventory(api, ada.id, frankfurt, { [key('adopted')]: { managedBy: 'meshfleet', adopted: true }, [key('created')]: { managedBy: 'meshfleet' }, [key('theirs')]: { managedBy: 'argocd-controller' } });
});
afterAll(() => api.close());

async function fates(features: readonly string[]): Promise<Readonly<Record<string, string>>> {
  await api.db.admin.query(`update cluster set facts = facts || jsonb_build_object('features', $2::jsonb) where id = $1`, [frankfurt, JSON.stringify(features)]);
  const { data, errors } = await api.query<{ policyPreview: { clusters: { nodes: { diff: { removed: { key: string; fate: string }[] } }[] } } }>(
    ada.token,
    'query ($delete: PolicyDeleteInput) { policyPreview(delete: $delete) { clusters(first: 1) { nodes { diff { removed { key fate } } } } } }',
    { delete: { name: 'mtls' } },
  );
  expect(errors).toEqual([]);
  return Object.fromEntries(data.policyPreview.clusters.nodes[0]?.diff.removed.map((object) => [object.key, object.fate]) ?? []);
}

it('what a withdrawal takes out of a cluster is said to be deleted, given back or let be, as its agent has reported', async () => {
  expect(await fates(['INVENTORY_AS_OF'])).toEqual({ [key('adopted')]: 'HANDED_BACK', [key('created')]: 'REMOVED', [key('theirs')]: 'KEPT', [key('unseen')]: 'UNKNOWN' });
  // It may have adopted what it does not say so of.
  expect(await fates([])).toEqual({ [key('adopted')]: 'HANDED_BACK', [key('created')]: 'UNKNOWN', [key('theirs')]: 'KEPT', [key('unseen')]: 'UNKNOWN' });
});
