import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertCluster, manifest } from '../testing/populate.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let frankfurt: string;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  frankfurt = await insertCluster(api, ada.id, 'frankfurt', { env: 'prod' });
  await insertCluster(api, ada.id, 'dublin', { env: 'dev' });
  await report(frankfurt, {
    'Namespace/shop': { labels: {}, phase: 'Active' },
    'Deployment.apps/shop/web': { labels: { app: 'web' }, kind: 'Deployment', images: ['web:1'] },
    'Service/shop/web': { type: 'ClusterIP', selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] },
    'PeerAuthentication.security.istio.io/shop/theirs': { apiVersion: 'security.istio.io/v1', hash: 'h', managedBy: 'argocd-controller', spec: {} },
  });
});
afterAll(() => api.close());

async function report(clusterId: string, inventory: Record<string, object>): Promise<void> {
  for (const [key, body] of Object.entries(inventory)) {
    const [kind = '', namespace = '', name = namespace] = key.split('/');
    await api.db.admin.query(
      `insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) values ($1, $2, $3, $4, $5, $6, $7)`,
      [ada.id, clusterId, key, kind.split('.')[0], namespace, name, JSON.stringify(body)],
    );
  }
}

const PREVIEW = `query ($apply: PolicyApplyInput, $delete: PolicyDeleteInput) { policyPreview(apply: $apply, delete: $delete) {
  clusters(first: 10) { totalCount nodes { cluster { name } selected changed
    diff { added { key diff } changed { key diff } removed { key diff } }
    conflicts { key reason manager policy { name } message }
    blastRadius { namespaces workloads services }
    findings { introduced { code object severity fix } resolved { code } } } }
  totals { clusters changedClusters addedObjects changedObjects removedObjects namespaces workloads services complete }
  warnings { code field } userErrors { code field message line } } }`;

interface Preview {
  readonly clusters: { readonly totalCount: number; readonly nodes: readonly Record<string, unknown>[] };
  readonly totals: Record<string, unknown>;
  readonly warnings: readonly { readonly code: string; readonly field: readonly string[] | null }[];
  readonly userErrors: readonly { readonly code: string; readonly field: readonly string[] | null; readonly line: number | null }[];
}

async function preview(variables: object, token = ada.token): Promise<Preview> {
  const { data, errors } = await api.query<{ policyPreview: Preview }>(token, PREVIEW, variables);
  expect(errors).toEqual([]);
  return data.policyPreview;
}

const apply = (more: object = {}) => ({ apply: { name: 'strict', manifests: manifest('default'), placement: { clusterSelector: 'env=prod' }, ...more } });

describe('the preview of a policy', () => {
  it('shows per cluster what would be added, whom it concerns, and what the analysis says', async () => {
    const { clusters, totals, userErrors } = await preview(apply());
    expect(userErrors).toEqual([]);
    expect(clusters.totalCount).toBe(1);
    expect(clusters.nodes[0]).toMatchObject({
      cluster: { name: 'frankfurt' },
      selected: true,
      changed: true,
      diff: { added: [{ key: 'PeerAuthentication.security.istio.io/shop/default', diff: expect.stringContaining('+    mode: STRICT') as string }], changed: [], removed: [] },
      conflicts: [],
      blastRadius: { namespaces: ['shop'], workloads: ['Deployment.apps/shop/web'], services: ['Service/shop/web'] },
      findings: { introduced: [], resolved: [] },
    });
    expect(totals).toEqual({ clusters: 1, changedClusters: 1, addedObjects: 1, changedObjects: 0, removedObjects: 0, namespaces: 1, workloads: 1, services: 1, complete: true });
  });

  it('concerns the gateway of a route, and the whole mesh where the cluster says its root namespace is', async () => {
    await insertCluster(api, ada.id, 'oslo', { env: 'edge' });
    const { rows } = await api.db.admin.query<{ id: string }>(`update cluster set facts = '{"meshes": [{"flavour": "ISTIO", "namespace": "mesh"}]}' where name = 'oslo' returning id`);
    await report(rows[0]?.id ?? '', {
      'Namespace/infra': { labels: {} },
      'Deployment.apps/infra/entry': { labels: { istio: 'entry' } },
      'Gateway.networking.istio.io/infra/entry': { spec: { selector: { istio: 'entry' }, servers: [] } },
      // Of the same name as a kind, and another's.
      'Gateway.example.com/infra/entry': { spec: {} },
    });
    const at = async (manifests: string) => (await preview({ apply: { name: 'edge', manifests, placement: { clusterSelector: 'env=edge' } } })).clusters.nodes[0]?.['blastRadius'];
    const route = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: shop, namespace: shop}\nspec: {hosts: [shop.example.com], gateways: [infra/entry], http: [{route: [{destination: {host: web}}]}]}';
    expect(await at(route)).toEqual({ namespaces: ['infra', 'shop'], workloads: ['Deployment.apps/infra/entry'], services: [] });
    const strict = 'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: mesh}\nspec: {mtls: {mode: STRICT}}';
    expect(await at(strict)).toEqual({ namespaces: ['infra', 'mesh'], workloads: ['Deployment.apps/infra/entry'], services: [] });
  });

  it('changes nothing', async () => {
    const rows = async () => (await api.db.admin.query(`select (select count(*) from policy) as policies, (select count(*) from object_content) as contents, (select count(*) from outbox) as events, (select count(*) from audit_event) as audit`)).rows;
    const before = await rows();
    await preview(apply());
    expect(await rows()).toEqual(before);
  });

  it('tells who has the object already, and what would come of it', async () => {
    const theirs = { manifests: manifest('theirs') };
    const { clusters } = await preview(apply(theirs));
    expect(clusters.nodes[0]?.['conflicts']).toEqual([
      { key: 'PeerAuthentication.security.istio.io/shop/theirs', reason: 'OBJECT_EXISTS', manager: 'argocd-controller', policy: null, message: expect.stringContaining('stays as it is') as string },
    ]);
    const forced = await preview(apply({ ...theirs, conflicts: 'FORCE' }));
    expect(forced.clusters.nodes[0]?.['conflicts']).toMatchObject([{ message: expect.stringContaining('taken over') as string }]);
  });

  it('brings what the analysis would find, with its fix', async () => {
    const lost = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web, namespace: shop}\nspec: {hosts: [web], http: [{route: [{destination: {host: nowhere}}]}]}\n`;
    const { clusters } = await preview(apply({ manifests: lost }));
    expect(clusters.nodes[0]?.['findings']).toMatchObject({ introduced: [{ code: 'IST0101', severity: 'ERROR', object: 'VirtualService.networking.istio.io/shop/web' }], resolved: [] });
  });

  it('says what is wrong with the input as the mutation would', async () => {
    const { userErrors, clusters } = await preview(apply({ manifests: manifest('default').replace('STRICT', 'LOOSE') }));
    expect(userErrors).toMatchObject([{ code: 'MANIFEST_INVALID', field: ['apply', 'manifests'], line: 4 }]);
    expect(clusters.nodes).toEqual([]);
    const misspelt = await preview(apply({ placement: { clusterNames: ['frankfrut'] } }));
    expect(misspelt.warnings).toMatchObject([{ code: 'CLUSTER_UNKNOWN', field: ['apply', 'placement', 'clusterNames'] }]);
    expect((await preview({})).userErrors).toMatchObject([{ code: 'INVALID_INPUT' }]);
    expect((await preview({ delete: { name: 'nobody' } })).userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['delete', 'name'] }]);
  });

  it('asks no agent that could not answer, and says why', async () => {
    const DRY = `query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { clusters(first: 1) { nodes { dryRun { objects { key } left error { code fix } } } } } }`;
    const { data, errors } = await api.query<{ policyPreview: { clusters: { nodes: object[] } } }>(ada.token, DRY, apply());
    expect(errors).toEqual([]);
    expect(data.policyPreview.clusters.nodes).toEqual([{ dryRun: { objects: [], left: 0, error: { code: 'PRECONDITION_FAILED', fix: expect.any(String) as string } } }]);
  });

  it('is of one’s own clusters alone', async () => {
    const eve = await api.organization('eve', 'evil');
    expect((await preview(apply({ placement: { clusterSelector: '', clusterNames: ['frankfurt'] } }), eve.token)).clusters.nodes).toEqual([]);
  });
});
