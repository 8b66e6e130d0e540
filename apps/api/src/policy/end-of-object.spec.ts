import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertCluster } from '../testing/populate.ts';
import { reportInventory } from '../testing/report-inventory.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let ada: { id: string; slug: string; token: string };
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  const frankfurt = await insertCluster(api, ada.id, 'frankfurt', { env: 'prod' });
  await reportInventory(api, ada.id, frankfurt, { 'Namespace/shop': { labels: {} }, 'Service/shop/ratings': { type: 'ClusterIP', selector: {}, ports: [{ name: 'http', port: 80 }] } });
});
afterAll(() => api.close());

const fault = (until: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ratings, namespace: shop, annotations: {meshfleet.io/expires-at: "${until}"}}
spec: {hosts: [ratings], http: [{fault: {abort: {httpStatus: 503, percentage: {value: 10}}}, route: [{destination: {host: ratings}}]}]}
`;
const input = (until: string) => ({ name: 'fault', manifests: fault(until), placement: { clusterSelector: 'env=prod' } });

interface Payload {
  readonly policy: { readonly id: string } | null;
  readonly warnings: readonly { readonly message: string }[];
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
}

async function apply(until: string): Promise<Payload> {
  const { data, errors } = await api.query<{ policyApply: Payload }>(ada.token, 'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { policy { id } warnings { message } userErrors { code message } } }', { input: input(until) });
  expect(errors).toEqual([]);
  return data.policyApply;
}

async function preview(until: string) {
  const { data } = await api.query<{ policyPreview: { clusters: { nodes: { changed: boolean; diff: { added: { diff: string }[] } }[] }; warnings: { message: string }[] } }>(
    ada.token, 'query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { clusters(first: 1) { nodes { changed diff { added { diff } } } } warnings { message } } }', { apply: input(until) });
  return data.policyPreview;
}

it('a preview shows an object with its end, and shows that nothing comes of one whose end has passed', async () => {
  const ahead = await preview('2999-01-01T00:00:00Z');
  expect(ahead.clusters.nodes[0]?.diff.added[0]?.diff).toContain('meshfleet.io/expires-at');
  expect(ahead.warnings).toEqual([]);
  const past = await preview('2020-01-01T00:00:00Z');
  expect(past.clusters.nodes).toMatchObject([{ diff: { added: [] } }]);
  expect(past.warnings.map(({ message }) => message)).toEqual([expect.stringContaining('was to end at 2020-01-01T00:00:00.000Z: no cluster is given it')]);
});

it('a version keeps when its objects end, and an end that nobody can read is refused', async () => {
  expect(await apply('2999-01-01T01:00:00+01:00')).toMatchObject({ userErrors: [], warnings: [] });
  const { rows } = await api.db.admin.query('select objects from policy_version where organization_id = $1', [ada.id]);
  expect(rows).toMatchObject([{ objects: [{ expiresAt: '2999-01-01T00:00:00.000Z' }] }]);
  const { data } = await api.query<{ policy: object }>(ada.token, '{ policy(name: "fault") { currentVersion { objects { key expiresAt } } } }');
  expect(data.policy).toEqual({ currentVersion: { objects: [{ key: 'VirtualService.networking.istio.io/shop/ratings', expiresAt: '2999-01-01T00:00:00.000Z' }] } });
  for (const until of ['soon', '2999-01-01', '${cluster.labels.end}']) {
    expect((await apply(until)).userErrors).toContainEqual({ code: 'MANIFEST_INVALID', message: expect.stringContaining('is no time') as string });
  }
});

it('a preview foretells what an end will bring, and nobody is kept from it', async () => {
  const istio = (kind: string, spec: object, annotations?: object) => JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name: 'ratings', namespace: 'shop', ...(annotations === undefined ? {} : { annotations }) }, spec });
  const subsets = (ends: boolean) => istio('DestinationRule', { host: 'ratings', subsets: [{ name: 'v1', labels: { version: 'v1' } }] }, ends ? { 'meshfleet.io/expires-at': '2999-01-01T00:00:00Z' } : undefined);
  const route = istio('VirtualService', { hosts: ['ratings'], http: [{ route: [{ destination: { host: 'ratings', subset: 'v1' } }] }] });
  const foreseen = async (ends: boolean): Promise<object> => {
    const { data, errors } = await api.query<{ policyPreview: { refusals: object[]; clusters: { nodes: { findings: object }[] } } }>(
      ada.token, 'query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { refusals { code } clusters(first: 1) { nodes { findings { introduced { severity } atEnd { code severity object } } } } } }',
      { apply: { name: 'ending', manifests: `${subsets(ends)}\n---\n${route}`, placement: { clusterSelector: 'env=prod' } } });
    expect(errors).toEqual([]);
    expect(data.policyPreview.refusals).toEqual([]);
    return data.policyPreview.clusters.nodes[0]?.findings ?? {};
  };
  expect(await foreseen(true)).toMatchObject({ introduced: [], atEnd: [{ severity: 'ERROR', object: 'VirtualService.networking.istio.io/shop/ratings' }] });
  expect(await foreseen(false)).toMatchObject({ introduced: [], atEnd: [] });
});
