import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { insertCluster, manifest } from '../testing/populate.ts';
import { reportInventory } from '../testing/report-inventory.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { taskThread } from '../thread/task-thread.ts';

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let operator: string;
const clusters: Record<string, string> = {};
let count = 0;
let name: string;

const SHOP = {
  'Namespace/shop': { labels: {}, phase: 'Active' },
  'Service/shop/web': { type: 'ClusterIP', selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] },
};

beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  await api.db.admin.query(`insert into member (id, organization_id, identity, role) values (gen_random_uuid(), $1, $2, 'OPERATOR')`, [ada.id, `${api.issuer.issuer}|bob`]);
  operator = await api.token('bob');
  for (const cluster of ['frankfurt', 'dublin', 'silent']) clusters[cluster] = await insertCluster(api, ada.id, cluster, { env: cluster === 'silent' ? 'new' : 'prod' });
  for (const cluster of ['frankfurt', 'dublin']) await reportInventory(api, ada.id, clusters[cluster] ?? '', SHOP);
});
afterAll(() => api.close());
beforeEach(async () => {
  count += 1;
  name = `policy-${count}`;
  // Of what an earlier test applied nothing is on its way any more.
  await api.db.admin.query('update policy set placed = true');
});

interface Problem {
  readonly code: string;
  readonly finding: string | null;
  readonly object: string | null;
  readonly clusters: readonly string[];
  readonly field: readonly string[];
  readonly document: number | null;
  readonly line: number | null;
  readonly message: string;
  readonly fix: string | null;
}
interface Applied {
  readonly changed: boolean;
  readonly policy: { readonly currentVersion: { readonly version: number } } | null;
  readonly analysis: { readonly clusters: number; readonly reported: number; readonly analysed: number } | null;
  readonly warnings: readonly Problem[];
  readonly userErrors: readonly Problem[];
}
const PROBLEM = 'code finding object clusters field document line message fix';
const APPLY = `mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { changed policy { currentVersion { version } }
  analysis { clusters reported analysed } warnings { ${PROBLEM} } userErrors { ${PROBLEM} } } }`;

async function apply(input: object, token = ada.token): Promise<Applied> {
  const { data, errors } = await api.query<{ policyApply: Applied }>(token, APPLY, { input: { name, placement: { clusterSelector: 'env=prod' }, ...input } });
  expect(errors).toEqual([]);
  return data.policyApply;
}

/** A route of the host `web` to somewhere. */
const route = (host: string, object = 'web'): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${object}, namespace: shop}
spec:
  hosts: [web]
  http:
  - route:
    - destination: {host: "${host}"}
`;

const events = async () => (await api.db.admin.query<{ details: Record<string, unknown> }>(`select details from audit_event where organization_id = $1 and action = 'policy.apply' order by seq`, [ada.id])).rows.map(({ details }) => details);

describe('an error that a change would bring', () => {
  it('refuses it, says where it is in the text and in which clusters, and leaves nothing behind', async () => {
    const { policy, changed, userErrors } = await apply({ manifests: `${manifest('fine')}---\n${route('nowhere')}` });
    expect({ policy, changed }).toEqual({ policy: null, changed: false });
    expect(userErrors).toEqual([
      {
        code: 'FINDING_INTRODUCED',
        finding: 'IST0101',
        object: 'VirtualService.networking.istio.io/shop/web',
        clusters: ['dublin', 'frankfurt'],
        field: ['input', 'manifests'],
        document: 2,
        line: 13,
        message: expect.stringMatching(/IST0101 ReferencedResourceNotFound of .*nowhere.*in the clusters dublin and frankfurt/) as string,
        fix: expect.stringMatching(/\w/) as string,
      },
    ]);
    const { rows } = await api.db.admin.query('select from policy where organization_id = $1 and name = $2', [ada.id, name]);
    expect(rows).toEqual([]);
  });

  it('is not one that was there before', async () => {
    const broken = { apiVersion: 'networking.istio.io/v1', hash: 'h', managedBy: 'kubectl', spec: { hosts: ['web'], http: [{ route: [{ destination: { host: 'nowhere' } }] }] } };
    await reportInventory(api, ada.id, clusters['dublin'] ?? '', { ...SHOP, 'VirtualService.networking.istio.io/shop/web': broken });
    const there = { placement: { clusterSelector: '', clusterNames: ['dublin'] } };
    expect((await apply({ ...there, manifests: manifest('other') })).userErrors).toEqual([]);
    // Neither is it, if the policy takes the object as it stands; to change it for the worse is.
    await api.db.admin.query('update policy set placed = true');
    name = `${name}-taken`;
    expect((await apply({ placement: { clusterNames: ['dublin'] }, manifests: route('nowhere') })).userErrors).toEqual([]);
    await api.db.admin.query('update policy set placed = true');
    name = `${name}-worse`;
    expect((await apply({ placement: { clusterNames: ['dublin'] }, manifests: `${route('nowhere')}    - destination: {host: neither}\n` })).userErrors).toContainEqual(expect.objectContaining({ finding: 'IST0101', message: expect.stringContaining('neither') as string }));
    await reportInventory(api, ada.id, clusters['dublin'] ?? '', SHOP);
  });

  it('is told of the clusters that would have it, and not of others', async () => {
    const { userErrors } = await apply({ manifests: route('${var.to}'), variables: [{ name: 'to', default: 'web', values: [{ clusterSelector: 'meshfleet.io/name=dublin', value: 'dublin-only' }] }] });
    expect(userErrors).toMatchObject([{ finding: 'IST0101', clusters: ['dublin'], line: 8 }]);
  });

  it('is looked for in a thread of its own where there is much to look at, and found all the same', async () => {
    const much = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`Service/shop/s${index}`, SHOP['Service/shop/web']]));
    await reportInventory(api, ada.id, clusters['dublin'] ?? '', { ...SHOP, ...much });
    const there = { placement: { clusterNames: ['dublin'] } };
    expect((await apply({ ...there, manifests: route('s1001') })).userErrors).toMatchObject([{ finding: 'IST0101', clusters: ['dublin'] }]);
    expect((await apply({ ...there, manifests: route('s999') })).userErrors).toEqual([]);
    await reportInventory(api, ada.id, clusters['dublin'] ?? '', SHOP);
  });
});

describe('an error of the first object of its kind', () => {
  it('refuses it, though there is nothing of that kind in the clusters yet', async () => {
    const manifests = 'apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: first, namespace: shop}\nspec: {configPatches: [{applyTo: CLUSTER, patch: {operation: REPLACE, value: {name: shop}}}]}\n';
    const { userErrors } = await apply({ manifests });
    expect(userErrors).toMatchObject([{ code: 'FINDING_INTRODUCED', finding: 'IST0152', clusters: ['dublin', 'frankfurt'] }]);
  });
});

describe('a change of few objects and many hosts', () => {
  it('holds up nobody else while it is analysed', async () => {
    const hosts = (k: number): string => Array.from({ length: 3_000 }, (_, i) => `"*.a${i}.v${k}.example.com"`).join(',');
    const manifests = Array.from({ length: 20 }, (_, k) => `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v${k}, namespace: shop}\nspec: {hosts: [${hosts(k)}], http: [{redirect: {uri: /x}}]}\n`).join('---\n');
    const query = 'query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { userErrors { message } refusals { finding } } }';
    const run = vi.spyOn(taskThread, 'run');
    const { data, errors } = await api.query(ada.token, query, { apply: { name, placement: { clusterNames: ['dublin'] }, manifests } });
    expect({ data, errors }).toEqual({ data: { policyPreview: { userErrors: [], refusals: [] } }, errors: [] });
    expect(run.mock.calls.map(([, task]) => task)).toContain('judgeChange');
    run.mockRestore();
  }, 60_000);
});

describe('what the analysis does not know', () => {
  it('refuses nothing: clusters that have reported nothing are counted and left alone', async () => {
    const { userErrors, warnings, analysis } = await apply({ placement: { clusterSelector: 'env in (new)' }, manifests: route('nowhere') });
    expect({ userErrors, warnings, analysis }).toEqual({ userErrors: [], warnings: [], analysis: { clusters: 1, reported: 0, analysed: 0 } });
  });

  it('is no error: what another policy is about to bring is not missing', async () => {
    const entry = `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: bank, namespace: shop}\nspec: {hosts: [bank.example.com], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS, location: MESH_EXTERNAL}\n`;
    expect((await apply({ manifests: route('bank.example.com', 'bank') })).userErrors).toMatchObject([{ finding: 'IST0101' }]);
    // Nobody has placed it yet; its clusters have not heard of it.
    name = `${name}-first`;
    expect((await apply({ manifests: entry })).userErrors).toEqual([]);
    name = `${name}-second`;
    expect((await apply({ manifests: route('bank.example.com', 'bank') })).userErrors).toEqual([]);
  });

  it('is no error: services of the other clusters of the mesh are there', async () => {
    const far = await insertCluster(api, ada.id, 'far', {});
    await reportInventory(api, ada.id, far, { 'Service/shop/elsewhere': SHOP['Service/shop/web'] });
    const there = { placement: { clusterNames: ['frankfurt'] } };
    expect((await apply({ ...there, manifests: route('elsewhere') })).userErrors).toMatchObject([{ finding: 'IST0101' }]);
    await api.db.admin.query(`update cluster set mesh = 'frankfurt-mesh' where id = $1`, [far]);
    expect((await apply({ ...there, manifests: route('elsewhere') })).userErrors).toEqual([]);
  });

  it('reads a mesh once, however many of its clusters are looked at', async () => {
    const ids = [await insertCluster(api, ada.id, 'near', { env: 'many' }), await insertCluster(api, ada.id, 'nearer', { env: 'many' }), await insertCluster(api, ada.id, 'away', {})];
    for (const id of ids) await reportInventory(api, ada.id, id, { [`Service/shop/${id === ids[2] ? 'afar' : 'here'}`]: SHOP['Service/shop/web'] });
    await api.db.admin.query(`update cluster set mesh = 'one-mesh' where id = any($1::uuid[])`, [ids]);
    api.statements.texts.length = 0;
    expect(await apply({ placement: { clusterSelector: 'env=many' }, manifests: route('afar') })).toMatchObject({ userErrors: [], analysis: { analysed: 2 } });
    expect(api.statements.texts.filter((text) => text.includes("'Namespace')") && text.includes('array_agg'))).toHaveLength(1);
  });

  it('is no error of another tenant’s, and no help by another tenant’s', async () => {
    const eve = await api.organization('eve', 'evil');
    const theirs = await insertCluster(api, eve.id, 'frankfurt', { env: 'prod' });
    await reportInventory(api, eve.id, theirs, { ...SHOP, 'Service/shop/theirs': SHOP['Service/shop/web'] });
    expect((await apply({ placement: { clusterNames: ['frankfurt'] }, manifests: route('theirs') })).userErrors).toMatchObject([{ finding: 'IST0101' }]);
    const { userErrors, analysis } = await apply({ manifests: route('theirs') }, eve.token);
    expect({ userErrors, analysis }).toEqual({ userErrors: [], analysis: { clusters: 1, reported: 1, analysed: 1 } });
  });
});

describe('a change in spite of its errors', () => {
  it('is for administrators alone', async () => {
    for (const how of [{ force: true }, { ignoreFindings: ['IST0101'] }]) {
      const { userErrors } = await apply({ manifests: route('nowhere'), ...how }, operator);
      expect(userErrors).toMatchObject([{ code: 'FORBIDDEN', field: ['input', Object.keys(how)[0]], fix: expect.stringContaining('administrator') as string }]);
    }
  });

  it('is made, says what was ignored, and is audited with it', async () => {
    const { userErrors, warnings, policy } = await apply({ manifests: route('nowhere'), force: true });
    expect({ userErrors, version: policy?.currentVersion.version }).toEqual({ userErrors: [], version: 1 });
    expect(warnings).toMatchObject([{ code: 'FINDING_INTRODUCED', finding: 'IST0101', clusters: ['dublin', 'frankfurt'] }]);
    expect((await events()).at(-1)).toMatchObject({ name, ignoredErrors: 1, ignoredFindings: ['IST0101 VirtualService.networking.istio.io/shop/web'] });
  });

  it('ignores the codes that are named and no others', async () => {
    // One of a host that is not there, one of a subset that is not.
    const weights = `${route('nowhere')}    - destination: {host: web, subset: none}\n`;
    const { userErrors } = await apply({ manifests: weights });
    const codes = [...new Set(userErrors.map(({ finding }) => finding ?? ''))];
    expect(codes.length).toBeGreaterThan(1);
    expect((await apply({ manifests: weights, ignoreFindings: codes.slice(1) })).userErrors.map(({ finding }) => finding)).toEqual(userErrors.filter(({ finding }) => finding === codes[0]).map(({ finding }) => finding));
    expect((await apply({ manifests: weights, ignoreFindings: codes })).userErrors).toEqual([]);
    expect((await apply({ manifests: weights, ignoreFindings: ['anything'] })).userErrors).toMatchObject([{ code: 'INVALID_INPUT', field: ['input', 'ignoreFindings', '0'] }]);
  });

  it('is asked for once: the same input again changes nothing, and nobody is asked to force it', async () => {
    await apply({ manifests: route('nowhere'), force: true });
    const again = await apply({ manifests: route('nowhere') });
    expect(again).toMatchObject({ changed: false, userErrors: [], analysis: null });
  });

  it('is answered as before when it is sent again, whatever the clusters hold by then', async () => {
    const input = { manifests: route('soon-gone'), idempotencyKey: `key-${name}`, placement: { clusterNames: ['frankfurt'] } };
    await reportInventory(api, ada.id, clusters['frankfurt'] ?? '', { ...SHOP, 'Service/shop/soon-gone': SHOP['Service/shop/web'] });
    expect((await apply(input)).userErrors).toEqual([]);
    await reportInventory(api, ada.id, clusters['frankfurt'] ?? '', SHOP);
    expect(await apply(input)).toMatchObject({ changed: true, userErrors: [] });
  });
});

describe('an analysis in which a rule breaks', () => {
  it('says so, with the way around it and an id that the log knows, and is no obstacle to an administrator', async () => {
    vi.spyOn(taskThread, 'runWhereItFits').mockRejectedValue(new TypeError('spec.http is not iterable'));
    const refusal = { code: 'ANALYSIS_FAILED', message: expect.stringMatching(/could not be analysed.*a rule of the analysis broke.*force: true.*request id \S+/) as string };
    expect(await apply({ manifests: route('nowhere') })).toMatchObject({ changed: false, userErrors: [refusal] });
    const query = 'query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { refusals { code message } clusters(first: 1) { nodes { changed } } } }';
    const input = { name, placement: { clusterNames: ['dublin'] }, manifests: route('nowhere') };
    expect((await api.query(ada.token, query, { apply: input })).data).toMatchObject({ policyPreview: { refusals: [refusal], clusters: { nodes: [{ changed: true }] } } });
    const findings = 'query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { clusters(first: 1) { nodes { findings { introduced { code } } } } } }';
    expect((await api.query(ada.token, findings, { apply: input })).errors).toMatchObject([{ message: 'The change could not be analysed', extensions: { code: 'ANALYSIS_FAILED', fix: expect.stringContaining('request id') as string } }]);
    expect(await apply({ manifests: route('nowhere'), force: true })).toMatchObject({ changed: true, userErrors: [], warnings: [{ code: 'ANALYSIS_FAILED', message: expect.stringContaining('is made all the same') as string }] });
    vi.restoreAllMocks();
  });
});

describe('the cost of an analysis', () => {
  it('is one statement where no cluster has reported anything', async () => {
    const statements = async (input: object): Promise<number> => {
      api.statements.count = 0;
      expect((await apply(input)).userErrors).toEqual([]);
      return api.statements.count;
    };
    const silent = { placement: { clusterSelector: 'env=new' }, manifests: manifest('a') };
    await statements(silent);
    const texts = api.statements.texts;
    texts.length = 0;
    await statements({ ...silent, manifests: manifest('b') });
    // To warn of what is there, or is not, is no analysis.
    expect(texts.filter((text) => text.includes('inventory_item') && !text.startsWith('with target as'))).toEqual([]);
    expect(texts.filter((text) => text.includes('inventory_seq'))).toHaveLength(1);
  });

  it('is bounded in a large fleet, which the answer says: some of each region before more of the same', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 45; index += 1) ids.push(await insertCluster(api, ada.id, `many-${String(index).padStart(2, '0')}`, { many: 'yes' }));
    await api.db.admin.query(`update cluster set inventory_seq = 1, mesh = 'm', region = case when name >= 'many-43' then 'small' else 'large' end where id = any($1::uuid[])`, [ids]);
    await api.db.admin.query(`insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) select $1, id, 'Service/shop/web', 'Service', 'shop', 'web', '{}' from unnest($2::uuid[]) id`, [ada.id, ids]);
    const placement = { clusterSelector: 'many' };
    const fine = await apply({ placement, manifests: route('web') });
    expect(fine).toMatchObject({ userErrors: [], analysis: { clusters: 45, reported: 45, analysed: 40 } });
    expect(fine.warnings).toMatchObject([{ code: 'PARTLY_ANALYSED', message: expect.stringContaining('40 of the 45 clusters') as string }]);
    name = `${name}-bad`;
    api.statements.count = 0;
    const bad = await apply({ placement, manifests: route('nowhere') });
    // After ten clusters that would have the error nobody else is asked.
    expect(bad.userErrors[0]?.clusters).toHaveLength(10);
    expect(bad.userErrors[0]?.clusters).toEqual(expect.arrayContaining(['many-00', 'many-43']));
    expect(api.statements.count).toBeLessThan(125);
  });
});

describe('a cluster whose inventory is very large', () => {
  it('is not read: the change is made, the answer says that it was not analysed there, and a preview says why', async () => {
    const large = await insertCluster(api, ada.id, 'large', { size: 'large' });
    await reportInventory(api, ada.id, large, SHOP);
    // Packed, it takes the table a few hundred KiB.
    await api.db.admin.query(`insert into inventory_item (organization_id, cluster_id, object_key, kind, namespace, name, body) select $1, $2, 'Service/shop/s' || i, 'Service', 'shop', 's' || i, jsonb_build_object('x', repeat('a', 1000000)) from generate_series(1, 80) i`, [ada.id, large]);
    const input = { name, placement: { clusterSelector: 'size=large' }, manifests: route('nowhere') };
    const texts = api.statements.texts;
    texts.length = 0;
    expect(await apply(input)).toMatchObject({ userErrors: [], analysis: { clusters: 1, reported: 1, analysed: 0 }, warnings: [{ code: 'PARTLY_ANALYSED' }] });
    expect(texts.filter((text) => text.includes('json_agg(json_build_array'))).toEqual([]);
    const asked = 'query ($apply: PolicyApplyInput!) { policyPreview(apply: $apply) { clusters(first: 1) { nodes { findings { introduced { code } } } } } }';
    const { errors } = await api.query(ada.token, asked, { apply: { ...input, name: `${name}-preview` } });
    expect(JSON.stringify(errors)).toContain('LIMIT_EXCEEDED');
    const totals = await api.query(ada.token, 'query ($apply: PolicyApplyInput!) { policyPreview(apply: $apply) { totals { clusters complete } } }', { apply: { ...input, name: `${name}-preview` } });
    expect(totals).toMatchObject({ errors: [], data: { policyPreview: { totals: { clusters: 1, complete: false } } } });
  });
});

describe('the preview of a change', () => {
  it('says what would refuse it, as the mutation does', async () => {
    const input = { name, placement: { clusterSelector: 'env=prod' }, manifests: route('nowhere') };
    const { data, errors } = await api.query<{ policyPreview: { refusals: readonly Problem[]; userErrors: readonly Problem[] } }>(
      ada.token,
      `query ($apply: PolicyApplyInput!) { policyPreview(apply: $apply) { refusals { ${PROBLEM} } userErrors { code } } }`,
      { apply: input },
    );
    expect(errors).toEqual([]);
    expect(data.policyPreview.userErrors).toEqual([]);
    const { userErrors } = await apply(input);
    expect(userErrors).not.toEqual([]);
    expect(data.policyPreview.refusals).toEqual(userErrors.map((error) => ({ ...error, field: ['apply', ...error.field.slice(1)] })));
  });
});
