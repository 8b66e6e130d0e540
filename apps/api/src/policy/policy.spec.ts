import { verifyAuditChain, type AuditEvent } from '@meshfleet/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertCluster, manifest } from '../testing/populate.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

interface Applied {
  policy: { id: string; name: string; description: string | null; currentVersion: { version: number; objects: { key: string }[] } } | null;
  changed: boolean;
  warnings: { message: string; code: string }[];
  userErrors: { code: string; field: string[] | null; document: number | null; line: number | null; message: string }[];
}

const APPLY = `mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { changed policy { id name description currentVersion { version objects { key } } }
  warnings { code message } userErrors { code field document line message } } }`;

let api: TestApi;
let organization: { id: string; slug: string; token: string };

beforeAll(async () => {
  api = await startTestApi();
  organization = await api.organization('ada', 'acme');
});
afterAll(() => api.close());

async function apply(input: object): Promise<Applied> {
  const { data, errors } = await api.query<{ policyApply: Applied }>(organization.token, APPLY, { input: { placement: { clusterSelector: 'env=prod' }, ...input } });
  expect(errors).toEqual([]);
  return data.policyApply;
}

async function rows(table: string): Promise<number> {
  const { rows: found } = await api.db.admin.query<{ count: number }>(`select count(*)::int as count from ${table} where organization_id = $1`, [organization.id]);
  return found[0]?.count ?? 0;
}

describe('applying a policy', () => {
  it('makes a version, its objects by content, its announcement and its audit event, all or nothing', async () => {
    const before = { outbox: await rows('outbox'), audit: await rows('audit_event') };
    const applied = await apply({ name: 'strict', manifests: manifest('default') });
    expect(applied).toMatchObject({ changed: true, userErrors: [], policy: { currentVersion: { version: 1, objects: [{ key: 'PeerAuthentication.security.istio.io/shop/default' }] } } });
    expect({ outbox: await rows('outbox'), audit: await rows('audit_event') }).toEqual({ outbox: before.outbox + 1, audit: before.audit + 1 });
    const { rows: announced } = await api.db.admin.query<{ topic: string; payload: object }>('select topic, payload from outbox order by id desc limit 1');
    expect(announced[0]).toMatchObject({ topic: 'policy.changed', payload: { version: 1, actor: `user:${api.issuer.issuer}|ada` } });
  });

  it('again with the same input makes no version and writes nothing', async () => {
    const before = { outbox: await rows('outbox'), audit: await rows('audit_event'), versions: await rows('policy_version') };
    expect(await apply({ name: 'strict', manifests: manifest('default') })).toMatchObject({ changed: false, policy: { currentVersion: { version: 1 } } });
    expect({ outbox: await rows('outbox'), audit: await rows('audit_event'), versions: await rows('policy_version') }).toEqual(before);
  });

  it('with any other intent makes the next version, and leaves the earlier ones as they were', async () => {
    const { rows: first } = await api.db.admin.query(`select v::text as text from policy_version v join policy p on p.id = v.policy_id where p.name = 'strict' and version = 1`);
    expect((await apply({ name: 'strict', manifests: manifest('default', 'PERMISSIVE') })).policy?.currentVersion.version).toBe(2);
    expect((await apply({ name: 'strict', manifests: manifest('default', 'PERMISSIVE'), drift: 'REPORT' })).policy?.currentVersion.version).toBe(3);
    expect((await apply({ name: 'strict', manifests: manifest('default', 'PERMISSIVE'), drift: 'REPORT', placement: { clusterNames: ['b', 'a', 'b'] } })).policy?.currentVersion.version).toBe(4);
    expect((await apply({ name: 'strict', manifests: manifest('default', 'PERMISSIVE'), drift: 'REPORT', placement: { clusterNames: ['a', 'b'] } })).changed).toBe(false);
    const { rows: still } = await api.db.admin.query(`select v::text as text from policy_version v join policy p on p.id = v.policy_id where p.name = 'strict' and version = 1`);
    expect(still).toEqual(first);
  });

  it('on top of another version than the expected one is refused', async () => {
    expect((await apply({ name: 'strict', manifests: manifest('other'), expectedVersion: 1 })).userErrors).toMatchObject([{ code: 'CONFLICT', field: ['input', 'expectedVersion'] }]);
    expect((await apply({ name: 'fresh', manifests: manifest('other'), expectedVersion: 3 })).userErrors).toMatchObject([{ code: 'CONFLICT' }]);
    expect((await apply({ name: 'fresh', manifests: manifest('other'), expectedVersion: 0 })).policy?.currentVersion.version).toBe(1);
  });

  it('twenty times at once makes versions one after another, none lost and none twice', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => apply({ name: 'raced', manifests: manifest(`m${i}`) })));
    expect(answers.map((answer) => answer.changed)).toEqual(Array.from({ length: 20 }, () => true));
    const { rows: versions } = await api.db.admin.query<{ version: number }>(`select version from policy_version v join policy p on p.id = v.policy_id where p.name = 'raced' order by 1`);
    expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('says of everything that is wrong in which document and line it is', async () => {
    const { userErrors, policy } = await apply({ name: 'broken', manifests: `${manifest('ok')}---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: bad, namespace: shop}\nspec:\n  mtls:\n    mode: SOMETIMES\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: y}\n` });
    expect(policy).toBeNull();
    expect(userErrors.map(({ document, line }) => [document, line])).toEqual([[2, 11], [3, expect.any(Number)]]);
    expect(userErrors.every(({ field }) => field?.join('.') === 'input.manifests')).toBe(true);
  });

  it.each([
    [{ name: 'Not A Label', manifests: manifest('x') }, ['input', 'name']],
    [{ name: 'x', manifests: manifest('x'), placement: { clusterSelector: 'env=$' } }, ['input', 'placement', 'clusterSelector']],
    [{ name: 'x', manifests: manifest('x'), expectedVersion: -1 }, ['input', 'expectedVersion']],
    [{ name: 'x', manifests: manifest('x'), idempotencyKey: '' }, ['input', 'idempotencyKey']],
    [{ name: 'x', manifests: '' }, ['input', 'manifests']],
  ])('of a wrong input names the field', async (input, field) => {
    expect((await apply(input)).userErrors[0]?.field).toEqual(field);
  });

  it('with a selector that cannot be read says where and why', async () => {
    const { userErrors } = await apply({ name: 'x', manifests: manifest('x'), placement: { clusterSelector: 'env in prod' } });
    expect(userErrors).toMatchObject([{ code: 'PLACEMENT_INVALID', field: ['input', 'placement', 'clusterSelector'] }]);
    expect(userErrors[0]?.message).toContain('column 8');
  });

  it('to a cluster that nobody knows warns, as its name may be misspelt', async () => {
    const { warnings, changed } = await apply({ name: 'named', manifests: manifest('x'), placement: { clusterNames: ['no-such-cluster'] } });
    expect(changed).toBe(true);
    expect(warnings).toMatchObject([{ code: 'CLUSTER_UNKNOWN' }]);
  });

  it('that may say something else than was meant warns: of a placement that selects nobody, an exclusion of nobody, a wave that takes nobody, a reference that is none', async () => {
    const other = await api.organization('grace', 'typos');
    await insertCluster(api, other.id, 'berlin', { env: 'prod' });
    const warningsOf = async (input: object): Promise<string[]> => {
      const { data } = await api.query<{ policyApply: Applied }>(other.token, APPLY, { input: { manifests: manifest('x'), ...input } });
      expect(data.policyApply.userErrors).toEqual([]);
      return data.policyApply.warnings.map(({ message }) => message);
    };
    expect(await warningsOf({ name: 'typo', placement: { clusterSelector: 'env=prdo' } })).toEqual([expect.stringMatching(/^The placement selects no cluster: none matches it now\. /)]);
    expect(await warningsOf({ name: 'nowhere', placement: {} })).toEqual([expect.stringMatching(/^The placement selects no cluster: it has neither a selector/)]);
    expect(await warningsOf({ name: 'kept-out', placement: { clusterSelector: '', excludeClusterNames: ['no-such-cluster'] } })).toEqual([expect.stringContaining('it will be kept from the policy')]);
    const manifests = manifest('x').replace('namespace:', 'annotations: {where: "${cluster.regoin}"}, namespace:');
    expect(await warningsOf({ name: 'reference', manifests, placement: { clusterSelector: '' } })).toEqual([expect.stringMatching(/^\$\{cluster\.regoin\} is no reference/)]);
    const rollout = { waves: [{ name: 'canary', clusterSelector: 'meshfleet.io/name=no-such-cluster' }, { count: 1 }] };
    expect(await warningsOf({ name: 'waves', placement: { clusterSelector: '' }, rollout })).toEqual([expect.stringMatching(/^The wave canary takes no cluster/)]);
  });
});

describe('checking a policy', () => {
  it('tells what applying would do, and changes nothing', async () => {
    await insertCluster(api, organization.id, 'one', { env: 'prod' });
    await insertCluster(api, organization.id, 'two', { env: 'dev' });
    const audit = await rows('audit_event');
    const { data } = await api.query<{ policyCheck: object }>(
      organization.token,
      'query ($input: PolicyCheckInput!) { policyCheck(input: $input) { objects { key } clusters userErrors { code } } }',
      { input: { manifests: manifest('x'), placement: { clusterSelector: 'env=prod' } } },
    );
    expect(data.policyCheck).toEqual({ objects: [{ key: 'PeerAuthentication.security.istio.io/shop/x' }], clusters: ['one'], userErrors: [] });
    expect(await rows('audit_event')).toBe(audit);
  });

  it.each([
    ['name', 'Not A Name'],
    ['defaultNamespace', 'Not A Namespace'],
  ])('refuses a %s that applying would refuse', async (field, text) => {
    const { data } = await api.query<{ policyCheck: { userErrors: object[] } }>(organization.token, 'query ($input: PolicyCheckInput!) { policyCheck(input: $input) { userErrors { field code } } }', { input: { manifests: manifest('x'), [field]: text } });
    expect(data.policyCheck.userErrors).toEqual([{ field: ['input', field], code: 'INVALID_INPUT' }]);
  });
});

describe('deleting a policy', () => {
  it('takes it out of the lists, keeps its versions by id, and frees its name', async () => {
    const { policy } = await apply({ name: 'gone', manifests: manifest('x') });
    const remove = () => api.query<{ policyDelete: { userErrors: { code: string }[] } }>(organization.token, 'mutation { policyDelete(input: {name: "gone", approveDeletions: 50}) { userErrors { code } } }');
    expect((await remove()).data.policyDelete.userErrors).toEqual([]);
    expect((await remove()).data.policyDelete.userErrors).toEqual([{ code: 'NOT_FOUND' }]);
    const { data } = await api.query<{ byName: null; byId: { currentVersion: { version: number } }; organization: { policies: { nodes: { name: string }[] } } }>(
      organization.token,
      `{ byName: policy(name: "gone") { id } byId: policy(id: "${policy?.id ?? ''}") { currentVersion { version } } organization { policies(first: 100) { nodes { name } } } }`,
    );
    expect(data.byName).toBeNull();
    expect(data.byId.currentVersion.version).toBe(1);
    expect(data.organization.policies.nodes.map(({ name }) => name)).not.toContain('gone');
    expect((await apply({ name: 'gone', manifests: manifest('y') })).policy?.id).not.toBe(policy?.id);
  });
});

it('the audit trail of all this is one unbroken chain', async () => {
  const { rows: events } = await api.db.admin.query<AuditEvent>(
    'select organization_id as "organizationId", seq, at, actor, action, target, details, hash from audit_event where organization_id = $1',
    [organization.id],
  );
  expect(events.length).toBeGreaterThan(25);
  expect(verifyAuditChain(events)).toMatchObject({ intact: true });
});
