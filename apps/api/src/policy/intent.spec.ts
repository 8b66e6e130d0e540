import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatGlobalId } from '../graphql/global-id.ts';
import { insertCluster } from '../testing/populate.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

interface UserError {
  code: string;
  message: string;
  field: string[] | null;
  document: number | null;
  line: number | null;
  clusters: string[];
}
interface Applied {
  policy: { id: string; currentVersion: { version: number; manifests: string; differs: boolean; objects: { key: string }[]; preset: { name: string; parameters: unknown } | null } } | null;
  changed: boolean;
  warnings: UserError[];
  userErrors: UserError[];
}

const ERRORS = 'code message fix field document line clusters';
const APPLY = `mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { changed warnings { ${ERRORS} } userErrors { ${ERRORS} }
  policy { id currentVersion { version manifests differs objects { key } preset { name parameters } variables { name } patches { type } } } } }`;
const RENDERED = `query ($id: ID!, $cluster: ID!) { policy(id: $id) { currentVersion { rendered(cluster: $cluster) { objects { key manifest metadataOnly } problems { key message } } } } }`;

let api: TestApi;
let organization: { id: string; slug: string; token: string };
const ids: Record<string, string> = {};

beforeAll(async () => {
  api = await startTestApi();
  organization = await api.organization('ada', 'acme');
  for (const [name, labels] of Object.entries({ 'eu-1': { env: 'prod', team: 'books' }, 'eu-2': { env: 'prod', team: 'books' }, 'us-1': { env: 'prod' }, 'dev-1': { env: 'dev', team: 'x' } })) {
    const id = await insertCluster(api, organization.id, name, labels);
    ids[name] = formatGlobalId({ type: 'Cluster', id });
  }
});
afterAll(() => api.close());

async function apply(input: object): Promise<Applied> {
  const { data, errors } = await api.query<{ policyApply: Applied }>(organization.token, APPLY, { input: { placement: { clusterSelector: 'env=prod' }, ...input } });
  expect(errors).toEqual([]);
  return data.policyApply;
}

async function rendered(policy: string | undefined, cluster: string) {
  const { data, errors } = await api.query<{ policy: { currentVersion: { rendered: { objects: { key: string; manifest: string; metadataOnly: boolean }[]; problems: { key: string; message: string }[] } } } }>(organization.token, RENDERED, { id: policy, cluster: ids[cluster] });
  expect(errors).toEqual([]);
  return data.policy.currentVersion.rendered;
}

const entry = (host: string, more = ''): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: books
  namespace: shop
spec:
  hosts:
  - ${host}
  ports: [{number: 443, name: https, protocol: HTTPS}]
  resolution: DNS
${more}`;

describe('a policy that differs from cluster to cluster', () => {
  it('says once what it is, and shows what each cluster gets', async () => {
    const { policy, userErrors, warnings } = await apply({
      name: 'books',
      manifests: entry('${var.host}'),
      variables: [{ name: 'host', default: 'x.example.com', values: [{ clusterSelector: 'meshfleet.io/region=eu-1', value: '${cluster.name}.example.com' }] }],
      patches: [{ clusterSelector: 'meshfleet.io/name=us-1', patch: '{spec: {location: MESH_EXTERNAL}}' }],
    });
    expect({ userErrors, warnings }).toEqual({ userErrors: [], warnings: [] });
    expect(policy?.currentVersion).toMatchObject({ differs: true, objects: [{ key: 'ServiceEntry.networking.istio.io/shop/books' }], variables: [{ name: 'host' }], patches: [{ type: 'MERGE' }] });
    expect((await rendered(policy?.id, 'eu-1')).objects[0]?.manifest).toContain('- eu-1.example.com');
    expect((await rendered(policy?.id, 'us-1')).objects[0]?.manifest).toMatch(/- x\.example\.com[^]*location: MESH_EXTERNAL/);
  });

  it('again with the same intent makes no version, with another variable or patch the next', async () => {
    const input = { name: 'again', manifests: entry('${var.host}'), variables: [{ name: 'host', default: 'a.example.com' }] };
    expect((await apply(input)).changed).toBe(true);
    expect((await apply(input)).changed).toBe(false);
    expect((await apply({ ...input, variables: [{ name: 'host', default: 'b.example.com' }] })).policy?.currentVersion.version).toBe(2);
    expect((await apply({ ...input, variables: [{ name: 'host', default: 'b.example.com' }], patches: [{ patch: '{}' }] })).policy?.currentVersion.version).toBe(3);
  });

  it('is refused where a cluster could not be given it, by document, line and cluster', async () => {
    const { userErrors, policy } = await apply({ name: 'refused', manifests: `${entry('a.example.com')}---\n${entry('${cluster.labels.team}.example.com').replace('books', 'music')}` });
    expect(policy).toBeNull();
    expect(userErrors).toMatchObject([{ code: 'RENDER_FAILED', field: ['input', 'manifests'], document: 2, line: 19, clusters: ['us-1'] }]);
    expect(userErrors[0]?.message).toContain('the cluster has no label team (in the cluster us-1)');
  });

  it('is accepted all the same when that is asked for, with a warning; but not what every cluster would refuse', async () => {
    const input = { name: 'partial', allowPartial: true, manifests: entry('${cluster.labels.team}.example.com') };
    const { changed, warnings, policy } = await apply(input);
    expect(changed).toBe(true);
    expect(warnings).toMatchObject([{ code: 'RENDER_FAILED', clusters: ['us-1'] }]);
    expect(await rendered(policy?.id, 'us-1')).toMatchObject({ objects: [], problems: [{ key: 'ServiceEntry.networking.istio.io/shop/books' }] });
    const { userErrors } = await apply({ ...input, name: 'nobody', placement: { clusterNames: ['us-1'] } });
    expect(userErrors).toMatchObject([{ code: 'RENDER_FAILED', clusters: ['us-1'] }]);
  });

  it('is held to the schemas as each cluster would get it', async () => {
    const manifests = entry('a.example.com', '  location: ${var.location}\n');
    const variables = [{ name: 'location', default: 'MESH_EXTERNAL', values: [{ clusterSelector: 'team=books', value: 'SOMEWHERE' }] }];
    const { userErrors } = await apply({ name: 'schema', manifests, variables });
    expect(userErrors).toMatchObject([{ code: 'MANIFEST_INVALID', document: 1, line: 11, clusters: ['eu-1', 'eu-2'] }]);
    expect(userErrors[0]?.message).toContain('(in the clusters eu-1 and eu-2)');
  });

  it('that no cluster gets yet is checked with made-up values, and warned about', async () => {
    const { changed, warnings } = await apply({ name: 'early', manifests: entry('a.example.com', '  location: ${cluster.region}\n'), placement: { clusterNames: ['later-1'] } });
    expect(changed).toBe(true);
    expect(warnings.map(({ message }) => message).join()).toContain('No cluster is selected now; with made-up values');
  });

  it.each<[string, object, string[], RegExp]>([
    ['a variable that nobody declared', { manifests: entry('${var.hots}'), variables: [{ name: 'host', default: 'a' }] }, ['input', 'manifests'], /There is no variable hots/],
    ['a patch for nothing', { manifests: entry('a.example.com'), patches: [{ target: { kind: 'Gateway' }, patch: '{}' }] }, ['input', 'patches', '0'], /concerns none of the objects/],
    ['a patch that is no YAML', { manifests: entry('a.example.com'), patches: [{ patch: '{' }] }, ['input', 'patches', '0', 'patch'], /YAML/],
    ['a JSON patch that is a mapping', { manifests: entry('a.example.com'), patches: [{ type: 'JSON', patch: '{}' }] }, ['input', 'patches', '0', 'patch'], /list of operations/],
    ['a selector that cannot be read', { manifests: entry('${var.a}'), variables: [{ name: 'a', values: [{ clusterSelector: 'env in prod', value: 1 }] }] }, ['input', 'variables', '0', 'values', '0', 'clusterSelector'], /column/],
    ['a variable of a strange name', { manifests: entry('x'), variables: [{ name: 'a b' }] }, ['input', 'variables', '0', 'name'], /variable’s name/],
  ])('with %s is refused', async (_what, input, field, message) => {
    const { userErrors } = await apply({ name: 'wrong', ...input });
    expect(userErrors[0]?.field).toEqual(field);
    expect(userErrors[0]?.message).toMatch(message);
  });
});

describe('a policy of a preset', () => {
  const preset = { name: 'strict-mutual-tls', parameters: { target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'payments' } } } };

  it('keeps the manifests that the preset wrote, beside its name and all parameters', async () => {
    const { policy, userErrors } = await apply({ name: 'mtls', preset });
    expect(userErrors).toEqual([]);
    expect(policy?.currentVersion).toMatchObject({ differs: false, preset: { name: 'strict-mutual-tls', parameters: { exceptPorts: [], target: { scope: 'WORKLOADS' } } } });
    expect(policy?.currentVersion.manifests).toContain('kind: PeerAuthentication');
    expect((await apply({ name: 'mtls', preset })).changed).toBe(false);
    // The same text from a person is another intent: no preset stands behind it.
    expect((await apply({ name: 'mtls', manifests: policy?.currentVersion.manifests })).policy?.currentVersion).toMatchObject({ version: 2, preset: null });
  });

  it.each<[string, object, string[]]>([
    ['an unknown name', { preset: { name: 'nothing' } }, ['input', 'preset', 'name']],
    ['a wrong parameter', { preset: { ...preset, parameters: { target: { scope: 'PLANET' } } } }, ['input', 'preset', 'parameters', 'target', 'scope']],
    ['manifests as well', { preset, manifests: entry('a') }, ['input', 'manifests']],
    ['neither', {}, ['input', 'manifests']],
  ])('with %s is refused', async (_what, input, field) => {
    expect((await apply({ name: 'wrong', ...input })).userErrors[0]?.field).toEqual(field);
  });

  it('says what was meant by a name that is misspelt, and of each parameter what is wrong and what to do', async () => {
    const misspelt = await apply({ name: 'refused', preset: { name: 'strict-mutual-tsl' } });
    expect(misspelt.userErrors).toMatchObject([{ code: 'NOT_FOUND', fix: 'Did you mean strict-mutual-tls? The query `presets` lists them all.' }]);
    const unknown = await apply({ name: 'refused', preset: { ...preset, parameters: { ...preset.parameters, exceptPort: [80] } } });
    expect(unknown.userErrors).toMatchObject([{ code: 'INVALID_INPUT', message: expect.stringContaining('There is no parameter exceptPort') as string, fix: 'Did you mean exceptPorts?', field: ['input', 'preset', 'parameters', 'exceptPort'] }]);
  });

  it('can be looked at before: every preset with its form, and what it would write', async () => {
    const { data, errors } = await api.query<{ presets: { name: string; example: unknown; parameterSchema: { type: string } }[]; preset: { title: string } | null; none: null }>(
      organization.token,
      '{ presets { name example parameterSchema } preset(name: "strict-mutual-tls") { title } none: preset(name: "none") { title } }',
    );
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ preset: { title: 'Strict mutual TLS' }, none: null });
    expect(data.presets.every(({ parameterSchema }) => parameterSchema.type === 'object')).toBe(true);
    for (const { name, example } of data.presets) {
      const answer = await api.query<{ presetRender: { manifests: string | null; userErrors: object[] } }>(organization.token, 'query ($name: String!, $parameters: JSON) { presetRender(name: $name, parameters: $parameters) { manifests userErrors { message } } }', { name, parameters: example });
      expect({ name, ...answer.data.presetRender }).toEqual({ name, manifests: expect.stringContaining('apiVersion:') as string, userErrors: [] });
      const check = await api.query<{ policyCheck: { objects: object[]; userErrors: object[] } }>(organization.token, 'query ($input: PolicyCheckInput!) { policyCheck(input: $input) { objects { key } userErrors { message } } }', { input: { preset: { name, parameters: example } } });
      // The standard channel of the Gateway API has no retries yet: who asks for them is told which field is not served.
      const refused = name === 'gateway-api-retries' ? [{ message: expect.stringContaining('no field "retry"') as string }] : [];
      expect({ name, errors: check.data.policyCheck.userErrors }).toEqual({ name, errors: refused });
    }
  });
});

describe('labels and annotations of what is somebody else’s', () => {
  it('are policies too', async () => {
    const { policy, userErrors } = await apply({ name: 'inject', manifests: 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled, cell: "${cluster.name}"}}\n' });
    expect(userErrors).toEqual([]);
    expect((await rendered(policy?.id, 'eu-2')).objects).toMatchObject([{ key: 'Namespace/shop', metadataOnly: true, manifest: expect.stringContaining('cell: eu-2') as string }]);
  });
});

describe('a kind that some clusters do not serve', () => {
  it('is warned about, with the clusters; those that have not reported yet may serve it', async () => {
    const serve = (name: string, kinds: readonly string[]) => api.db.admin.query(`update cluster set facts = facts || jsonb_build_object('servedKinds', $2::jsonb) where name = $1`, [name, JSON.stringify(kinds)]);
    await serve('eu-1', ['networking.istio.io/v1beta1/ServiceEntry']);
    await serve('eu-2', ['networking.istio.io/v1/ServiceEntry']);
    const { changed, warnings } = await apply({ name: 'unserved', manifests: entry('a.example.com') });
    expect(changed).toBe(true);
    expect(warnings).toMatchObject([{ code: 'KIND_NOT_SERVED', clusters: ['eu-1'] }]);
    expect(warnings[0]?.message).toContain('networking.istio.io/v1/ServiceEntry is not served in the cluster eu-1');
    const check = await api.query<{ policyCheck: { warnings: UserError[] } }>(organization.token, `query ($input: PolicyCheckInput!) { policyCheck(input: $input) { warnings { ${ERRORS} } } }`, { input: { manifests: entry('a.example.com'), placement: { clusterSelector: 'env=prod' } } });
    expect(check.data.policyCheck.warnings).toEqual(warnings);
  });
});

describe('where a policy is placed', () => {
  it('is explained, for those who have it and those who do not', async () => {
    const { policy } = await apply({ name: 'half', manifests: entry('a.example.com'), placement: { clusterSelector: 'env=prod', excludeClusterNames: ['us-1'], count: 1 } });
    const because = async (cluster: string) => {
      const { data } = await api.query<{ policy: { placementOf: { selected: boolean; because: string; cluster: { name: string } } } }>(organization.token, 'query ($id: ID!, $cluster: ID!) { policy(id: $id) { placementOf(cluster: $cluster) { selected because cluster { name } } } }', { id: policy?.id, cluster: ids[cluster] });
      return data.policy.placementOf;
    };
    expect(await because('us-1')).toMatchObject({ selected: false, because: 'the placement excludes the cluster us-1' });
    expect(await because('dev-1')).toMatchObject({ selected: false, because: 'it has env=dev, and the placement asks for env=prod' });
    const both = [await because('eu-1'), await because('eu-2')];
    expect(both.filter(({ selected }) => selected)).toHaveLength(1);
    expect(both.every((decision) => decision.because.includes('at most 1 of the clusters that match: 1 of 2'))).toBe(true);
  });

  it('says either a percentage or a number, and does not name whom it excludes', async () => {
    const wrong = async (placement: object) => (await apply({ name: 'wrong', manifests: entry('a.example.com'), placement })).userErrors[0]?.field;
    expect(await wrong({ clusterSelector: '', percent: 50, count: 2 })).toEqual(['input', 'placement', 'count']);
    expect(await wrong({ clusterNames: ['a'], excludeClusterNames: ['a'] })).toEqual(['input', 'placement', 'excludeClusterNames']);
    expect(await wrong({ clusterSelector: '', percent: 101 })).toEqual(['input', 'placement', 'percent']);
  });
});
