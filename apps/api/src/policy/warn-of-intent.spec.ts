import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { insertCluster, manifest } from '../testing/populate.ts';
import { reportInventory } from '../testing/report-inventory.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let ada: { id: string; slug: string; token: string };
const clusters: Record<string, string> = {};
let count = 0;
let name: string;

beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  for (const cluster of ['frankfurt', 'dublin', 'silent']) clusters[cluster] = await insertCluster(api, ada.id, cluster, { env: 'prod' });
  await reportInventory(api, ada.id, clusters['frankfurt'] ?? '', { 'Namespace/shop': {}, 'Namespace/kube-system': {} });
  await reportInventory(api, ada.id, clusters['dublin'] ?? '', { 'Namespace/kube-system': {} });
});
afterAll(() => api.close());
beforeEach(() => {
  count += 1;
  name = `policy-${count}`;
});

interface Warning {
  readonly code: string;
  readonly message: string;
  readonly clusters: readonly string[];
  readonly field: readonly string[];
  readonly object: string | null;
}
const PAYLOAD = 'warnings { code message clusters field object } userErrors { message }';

async function warnings(query: string, field: string, variables: object): Promise<readonly Warning[]> {
  const { data, errors } = await api.query<Record<string, { warnings: readonly Warning[]; userErrors: object[] }>>(ada.token, query, variables);
  expect(errors).toEqual([]);
  expect(data[field]?.userErrors).toEqual([]);
  return data[field]?.warnings ?? [];
}
const input = (more: object): object => ({ name, placement: { clusterSelector: 'env=prod' }, manifests: manifest(name), ...more });
const apply = (more: object = {}) => warnings(`mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { ${PAYLOAD} } }`, 'policyApply', { input: input(more) });
const preview = (more: object = {}) => warnings(`query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { ${PAYLOAD} } }`, 'policyPreview', { apply: input(more) });
const rollBack = (version: number) => warnings(`mutation ($input: PolicyRollBackInput!) { policyRollBack(input: $input) { ${PAYLOAD} } }`, 'policyRollBack', { input: { name, version } });

const about = (code: string, list: readonly Warning[]): readonly Warning[] => list.filter((warning) => warning.code === code);

/** As the reconciler notes that clusters were given the policy's version. */
async function place(policy: string, ...names: string[]): Promise<void> {
  await api.db.admin.query(
    `insert into policy_cluster (organization_id, policy_id, cluster_id, version, status) select p.organization_id, p.id, c.id, p.current_version, 'PENDING'
     from policy p join cluster c on c.organization_id = p.organization_id where p.organization_id = $1 and p.name = $2 and c.name = any($3)`,
    [ada.id, policy, names],
  );
}

describe('a namespace that a cluster does not have', () => {
  it('is warned of, of the clusters that have reported theirs, when a policy is applied, previewed and rolled back', async () => {
    const missing = { code: 'NAMESPACE_MISSING', clusters: ['dublin'], message: expect.stringMatching(/^There is no namespace shop in the cluster dublin: .*an object waits.*Create it/) as string };
    expect(about('NAMESPACE_MISSING', await preview())).toEqual([expect.objectContaining({ ...missing, field: ['apply', 'manifests'] })]);
    expect(about('NAMESPACE_MISSING', await apply())).toEqual([expect.objectContaining({ ...missing, field: ['input', 'manifests'] })]);
    await apply({ placement: { clusterNames: ['frankfurt'] } });
    expect(about('NAMESPACE_MISSING', await rollBack(1))).toEqual([expect.objectContaining({ ...missing, field: ['input', 'version'] })]);
  });

  it('is warned of when it would be labelled, for a namespace is never created', async () => {
    const manifests = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: web}}\n';
    expect(about('NAMESPACE_MISSING', await preview({ manifests }))).toMatchObject([{ clusters: ['dublin'] }]);
  });

  it('is not warned of where it is, nor where nothing was reported', async () => {
    expect(about('NAMESPACE_MISSING', await preview({ placement: { clusterNames: ['frankfurt', 'silent'] } }))).toEqual([]);
    expect(about('NAMESPACE_MISSING', await preview({ manifests: manifest(name).replace('namespace: shop', 'namespace: "${cluster.name}"') }))).toEqual([]);
  });
});

describe('an object of which only labels are set', () => {
  const manifests = ['apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop, labels: {tier: a}}\n', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {metadata: {labels: {tier: a}}}}\n'].join('---\n');

  it('is warned of where it is not, and its namespace alone where that is missing too', async () => {
    await reportInventory(api, ada.id, clusters['frankfurt'] ?? '', { 'Namespace/shop': {}, 'Service/shop/web': {} });
    expect(await preview({ manifests })).toMatchObject([
      { code: 'OBJECT_MISSING', object: 'Deployment.apps/shop/web', clusters: ['frankfurt'], message: expect.stringContaining('it is never created') as string },
      { code: 'NAMESPACE_MISSING', clusters: ['dublin'], message: expect.stringContaining('2 objects wait') as string },
    ]);
  });
});

describe('an object that somebody else wrote', () => {
  const key = (): string => `PeerAuthentication.security.istio.io/shop/${name}`;
  beforeEach(async () => {
    await reportInventory(api, ada.id, clusters['frankfurt'] ?? '', { 'Namespace/shop': {}, [key()]: { managedBy: 'argocd-controller' } });
    await reportInventory(api, ada.id, clusters['dublin'] ?? '', { 'Namespace/shop': {}, [key()]: { managedBy: 'meshfleet' } });
  });

  it('is warned of with who did and where, though a rollout comes first', async () => {
    const exists = [{ code: 'OBJECT_EXISTS', object: key(), clusters: ['frankfurt'], message: expect.stringMatching(/written by argocd-controller: where both set a field differently, it fails/) as string }];
    expect(await preview()).toMatchObject(exists);
    expect(await apply({ rollout: { waves: [{ count: 1 }] } })).toMatchObject(exists);
  });

  it('is not warned of where all of it is taken over; of some of it, the rest is', async () => {
    expect(await preview({ conflicts: 'FORCE' })).toEqual([]);
    expect(await preview({ takeOver: [{ object: key() }] })).toEqual([]);
    expect(await preview({ takeOver: [{ object: key(), fields: ['.spec.mtls'] }] })).toMatchObject([{ message: expect.stringContaining('another field than .spec.mtls') as string }]);
  });
});

describe('an object that an older policy holds', () => {
  const key = (): string => `PeerAuthentication.security.istio.io/shop/${name}`;

  it('is warned of with the policy and the clusters, at once and by a rollout', async () => {
    await apply();
    await place(name, 'frankfurt', 'dublin');
    const younger = { name: `${name}-younger`, manifests: manifest(name, 'PERMISSIVE'), placement: { clusterNames: ['frankfurt', 'silent'] } };
    const held = [{ code: 'OBJECT_HELD', object: key(), clusters: ['frankfurt'], message: expect.stringContaining(`is held by the older policy ${name} in the cluster frankfurt`) as string }];
    expect(about('OBJECT_HELD', await preview(younger))).toMatchObject(held);
    expect(about('OBJECT_HELD', await apply(younger))).toMatchObject(held);
    // It does not hold what it wants, and is not named to the next.
    await place(`${name}-younger`, 'frankfurt', 'silent');
    held.push({ code: 'OBJECT_HELD', object: key(), clusters: ['silent'], message: expect.stringContaining(`is held by the older policy ${name}-younger`) as string });
    expect(about('OBJECT_HELD', await apply({ ...younger, name: `${name}-youngest`, rollout: { waves: [{ count: 1 }] } }))).toMatchObject(held);
  });

  it('is not warned of to the older one, nor where the older one is not', async () => {
    await apply();
    await place(name, 'dublin');
    const younger = { name: `${name}-younger`, manifests: manifest(name, 'PERMISSIVE') };
    expect(about('OBJECT_HELD', await apply({ ...younger, placement: { clusterNames: ['frankfurt'] } }))).toEqual([]);
    await place(`${name}-younger`, 'frankfurt');
    expect(about('OBJECT_HELD', await apply({ manifests: manifest(name, 'DISABLE') }))).toEqual([]);
  });

  it('is a label where only labels are set, also of a version that is brought back', async () => {
    const labels = (text: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {${text}}}\n`;
    await apply({ manifests: labels('team: web') });
    await place(name, 'frankfurt');
    const older = name;
    name = `${name}-younger`;
    const held = [{ object: 'Namespace/shop', message: expect.stringContaining(`.metadata.labels.team of Namespace/shop is held by the older policy ${older}`) as string }];
    expect(about('OBJECT_HELD', await apply({ manifests: labels('team: pay, tier: a') }))).toMatchObject(held);
    expect(about('OBJECT_HELD', await apply({ manifests: labels('tier: b') }))).toEqual([]);
    expect(about('OBJECT_HELD', await rollBack(1))).toMatchObject(held);
  });
});

describe('what the version before took of others', () => {
  const key = (): string => `PeerAuthentication.security.istio.io/shop/${name}`;
  beforeEach(async () => {
    await reportInventory(api, ada.id, clusters['frankfurt'] ?? '', { 'Namespace/shop': {}, [key()]: { managedBy: 'meshfleet', adopted: true } });
    await reportInventory(api, ada.id, clusters['dublin'] ?? '', { 'Namespace/shop': {}, [key()]: { managedBy: 'meshfleet' } });
    await api.db.admin.query(`update cluster set facts = '{"kubernetesVersion": "1.34", "features": ["INVENTORY_AS_OF"]}' where organization_id = $1`, [ada.id]);
  });
  const dropped = (field: string[], summary: string) => [{ code: 'TAKE_OVER_DROPPED', object: key(), clusters: ['frankfurt'], field, message: expect.stringContaining(summary) as string }];

  it('is warned of where the next may not take it, or a version is brought back that may not', async () => {
    await apply();
    await apply({ takeOver: [{ object: key(), fields: ['.spec.mtls'] }] });
    await place(name, 'frankfurt', 'dublin');
    const said = `${key()}: the version in the cluster frankfurt takes over .spec.mtls, and this one not that`;
    expect(about('TAKE_OVER_DROPPED', await preview())).toMatchObject(dropped(['apply', 'takeOver'], said));
    expect(about('TAKE_OVER_DROPPED', await apply({ comment: 'again' }))).toMatchObject(dropped(['input', 'takeOver'], said));
    expect(about('TAKE_OVER_DROPPED', await rollBack(1))).toMatchObject(dropped(['input', 'version'], said));
    expect(about('TAKE_OVER_DROPPED', await rollBack(2))).toEqual([]);
  });

  it('is all of the object where all was taken, and of labels wherever they are', async () => {
    await apply({ conflicts: 'FORCE' });
    await place(name, 'frankfurt', 'dublin');
    expect(about('TAKE_OVER_DROPPED', await preview())).toMatchObject(dropped(['apply', 'takeOver'], 'takes over what others have of it, and this one not that'));
    const labelled = manifest(name).replace('namespace: shop', 'namespace: shop, labels: {a.b/c: d}');
    expect(about('TAKE_OVER_DROPPED', await preview({ manifests: labelled, takeOver: [{ object: key(), fields: ['.spec.mtls'] }] }))).toMatchObject(dropped(['apply', 'takeOver'], 'and this one only .spec.mtls'));
    expect(about('TAKE_OVER_DROPPED', await preview({ manifests: labelled, takeOver: [{ object: key(), fields: ['.spec', '.metadata.labels.a.b/c'] }] }))).toEqual([]);
    expect(about('TAKE_OVER_DROPPED', await preview({ takeOver: [{ object: key(), fields: ['.spec.mtls'] }] }))).toEqual([]);
    expect(about('TAKE_OVER_DROPPED', await preview({ takeOver: [{ object: key() }] }))).toEqual([]);
    const manifests = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio.io/rev: stable}}\n';
    await apply({ manifests, takeOver: [{ object: 'Namespace/shop', fields: ['.metadata.labels.istio.io/rev'] }] });
    await api.db.admin.query(`update policy_cluster x set version = p.current_version from policy p where p.id = x.policy_id and p.name = $1`, [name]);
    expect(about('TAKE_OVER_DROPPED', await preview({ manifests }))).toMatchObject([{ object: 'Namespace/shop', clusters: ['dublin', 'frankfurt'] }]);
  });

  it('is not warned of where the next says nothing of it, nor in clusters that leave', async () => {
    await apply({ takeOver: [{ object: key(), fields: ['.spec.mtls'] }] });
    await place(name, 'frankfurt', 'dublin');
    expect(about('TAKE_OVER_DROPPED', await preview({ manifests: manifest(name).replace('mtls: {mode: STRICT}', 'selector: {matchLabels: {app: web}}') }))).toEqual([]);
    expect(about('TAKE_OVER_DROPPED', await preview({ manifests: manifest('another') }))).toEqual([]);
    expect(about('TAKE_OVER_DROPPED', await preview({ placement: { clusterNames: ['dublin'] } }))).toEqual([]);
  });
});

it('is told up to a hundred times of each code, and then how many more there are', async () => {
  const clusterNames = Array.from({ length: 130 }, (_, index) => `nobody-${index}`);
  for (const ask of [preview, apply]) {
    const unknown = about('CLUSTER_UNKNOWN', await ask({ placement: { clusterNames } }));
    expect(unknown).toHaveLength(101);
    expect(unknown.at(-1)?.message).toContain('There are 30 more warnings like these');
  }
});

it('selects the clusters of a placement once, whatever is asked of them', async () => {
  await reportInventory(api, ada.id, clusters['frankfurt'] ?? '', { 'Namespace/shop': {} });
  const selections = async (ask: () => Promise<readonly Warning[]>): Promise<number> => {
    api.statements.texts.length = 0;
    expect((await ask()).length).toBeGreaterThan(0);
    return api.statements.texts.filter((text) => text.includes('from cluster_label')).length;
  };
  const manifests = manifest(name).replace('namespace: shop', 'namespace: nowhere');
  const check = () => warnings(`query ($input: PolicyCheckInput!) { policyCheck(input: $input) { ${PAYLOAD} } }`, 'policyCheck', { input: { name, placement: { clusterSelector: 'env=prod' }, manifests } });
  // And once for the schemas that they serve.
  expect(await selections(check)).toBe(2);
});
