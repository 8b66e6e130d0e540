import { contentHash } from '@meshfleet/model';
import { istioCatalogue } from '@meshfleet/istio';
import type { ServedKind } from '@meshfleet/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertCluster } from '../testing/populate.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let organization: { id: string; slug: string; token: string };

const facts = istioCatalogue().find('networking.istio.io', 'ServiceEntry');
/** ServiceEntries as some mesh of another version has them: with a field that ours lacks, and one rule more. */
function otherServiceEntry(): ServedKind {
  const versions = (facts?.versions ?? []).map(({ name, served, storage, deprecated, schema }) => {
    const spec = schema.properties?.['spec'];
    const changed = { ...schema, properties: { ...schema.properties, spec: { ...spec, properties: { ...spec?.properties, tomorrow: { type: 'string' } }, 'x-kubernetes-validations': [{ rule: 'self.resolution != "DNS"', message: 'no DNS here' }] } } };
    return { name, served, storage, deprecated, schema: JSON.parse(JSON.stringify(changed)) as ServedKind['versions'][number]['schema'] };
  });
  return { group: 'networking.istio.io', kind: 'ServiceEntry', plural: 'serviceentries', scope: 'Namespaced', versions };
}

beforeAll(async () => {
  api = await startTestApi();
  organization = await api.organization('ada', 'acme');
  const kind = otherServiceEntry();
  const digest = contentHash(kind);
  await api.db.admin.query('insert into kind_schema (organization_id, digest, body, size) values ($1, $2, $3, 1)', [organization.id, digest, JSON.stringify(kind)]);
  await insertCluster(api, organization.id, 'known', { env: 'prod' });
  const other = await insertCluster(api, organization.id, 'other', { env: 'prod' });
  await api.db.admin.query(`update cluster set facts = facts || jsonb_build_object('kindSchemas', $2::jsonb) where id = $1`, [other, JSON.stringify({ 'ServiceEntry.networking.istio.io': digest })]);
});
afterAll(() => api.close());

const entry = (resolution: string, more = ''): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: books, namespace: shop}
spec:
  hosts: [books.example.com]
  ports: [{number: 443, name: https, protocol: HTTPS}]
  resolution: ${resolution}
${more}`;

async function check(input: object) {
  const { data, errors } = await api.query<{ policyCheck: { warnings: { clusters: string[] }[]; userErrors: { message: string; line: number | null; clusters: string[] }[] } }>(
    organization.token,
    'query ($input: PolicyCheckInput!) { policyCheck(input: $input) { warnings { clusters } userErrors { message line clusters } } }',
    { input: { placement: { clusterSelector: 'env=prod' }, ...input } },
  );
  expect(errors).toEqual([]);
  return data.policyCheck;
}

it('manifests are held to the schemas and rules that each target serves, and it is said which cluster refuses what', async () => {
  expect((await check({ manifests: entry('STATIC', '  endpoints: [{address: 10.0.0.1}]\n') })).userErrors).toEqual([]);
  const { userErrors } = await check({ manifests: entry('DNS') });
  expect(userErrors).toMatchObject([{ line: expect.any(Number) as number, clusters: ['other'] }]);
  expect(userErrors[0]?.message).toMatch(/no DNS here.*\(in the cluster other\).*as the definition that is installed in the cluster says/);
});

it('a field that one cluster knows and another does not is refused with the name of the latter; or accepted where that is asked for', async () => {
  const manifests = entry('STATIC', '  endpoints: [{address: 10.0.0.1}]\n  tomorrow: x\n');
  expect((await check({ manifests })).userErrors).toMatchObject([{ line: 9, clusters: ['known'] }]);
  expect(await check({ manifests, allowPartial: true })).toMatchObject({ userErrors: [], warnings: [{ clusters: ['known'] }] });
  expect((await check({ manifests, placement: { clusterNames: ['other'] } })).userErrors).toEqual([]);
});

it('what differs from cluster to cluster is held to them too', async () => {
  const { userErrors } = await check({ manifests: entry('${var.resolution}'), variables: [{ name: 'resolution', default: 'DNS' }] });
  expect(userErrors).toMatchObject([{ clusters: ['other'] }]);
});

it('schemas of the kinds that a text names are looked up, however it is written, and those of no others', async () => {
  // A cluster of its own with a schema of its own each time: what was read before is remembered.
  const lookedUp = async (manifests: string, mark: string): Promise<number> => {
    const kind = { ...otherServiceEntry(), versions: otherServiceEntry().versions.map((version) => ({ ...version, schema: { ...version.schema, 'x-mark': mark } })) };
    const digest = contentHash(kind);
    await api.db.admin.query('insert into kind_schema (organization_id, digest, body, size) values ($1, $2, $3, 1)', [organization.id, digest, JSON.stringify(kind)]);
    const cluster = await insertCluster(api, organization.id, mark, { mark });
    await api.db.admin.query(`update cluster set facts = facts || jsonb_build_object('kindSchemas', $2::jsonb) where id = $1`, [cluster, JSON.stringify({ 'ServiceEntry.networking.istio.io': digest })]);
    api.statements.texts.length = 0;
    await check({ manifests, placement: { clusterSelector: `mark=${mark}` } });
    return api.statements.texts.filter((text) => text.includes('kind_schema')).length;
  };
  const json = '{"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "a", "namespace": "shop"}, "spec": {"hosts": ["a.example.com"], "resolution": "NONE"}}';
  expect(await lookedUp(json, 'json')).toBe(1);
  expect(await lookedUp(entry('NONE'), 'yaml')).toBe(1);
  expect(await lookedUp('{apiVersion: networking.istio.io/v1, kind: \'ServiceEntry\', metadata: {name: a, namespace: shop}, spec: {hosts: [a.example.com], resolution: NONE}}', 'flow')).toBe(1);
  expect(await lookedUp('apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a, namespace: shop}\nspec: {egress: [{hosts: ["./*"]}]}\n', 'another')).toBe(0);
  expect(await lookedUp('apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a, namespace: shop}\nspec: {}\n', 'group')).toBe(0);
});
