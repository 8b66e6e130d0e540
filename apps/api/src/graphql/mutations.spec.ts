import { buildSchema, getNamedType, isInputObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES, includesRole, type Role } from '../auth/principal.ts';
import { schemaText } from '../schema-text.ts';
import { insertCluster, manifest, populate, type Populated } from '../testing/populate.ts';
import { populateRollout } from '../testing/populate-rollout.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let organization: { id: string; slug: string; token: string };
let ids: Populated;
const tokens = new Map<Role, string>();

beforeAll(async () => {
  api = await startTestApi();
  organization = await api.organization('owner', 'acme');
  ids = await populate(api, organization, 'mark');
  for (const role of ROLES) {
    const subject = role.toLowerCase();
    tokens.set(role, await api.token(subject));
    if (role === 'OWNER') continue;
    await api.db.admin.query('insert into member (id, organization_id, identity, role) values (gen_random_uuid(), $1, $2, $3)', [organization.id, `${api.issuer.issuer}|${subject}`, role]);
  }
});
afterAll(() => api.close());

/** The least role of every mutation with an input that is right; undefined: whoever is signed in. */
const MUTATIONS: Record<string, { role: Role | undefined; input: () => object | Promise<object> }> = {
  organizationCreate: { role: undefined, input: () => ({ slug: `org-${unique()}`, name: 'Another' }) },
  organizationResume: { role: 'OWNER', input: () => ({}) },
  joinTokenCreate: { role: 'ADMIN', input: () => ({ name: 'join' }) },
  joinTokenRevoke: { role: 'ADMIN', input: () => ({ id: ids.JoinToken }) },
  apiTokenCreate: { role: 'ADMIN', input: () => ({ name: 'program', role: 'VIEWER' }) },
  apiTokenRevoke: { role: 'ADMIN', input: () => ({ id: ids.ApiToken }) },
  clusterApprove: { role: 'ADMIN', input: () => cluster('PENDING_APPROVAL') },
  clusterUpdate: { role: 'ADMIN', input: () => ({ id: ids.Cluster, labels: [{ key: 'env', value: unique() }] }) },
  clusterQuarantine: { role: 'ADMIN', input: () => cluster('ACTIVE') },
  clusterRelease: { role: 'ADMIN', input: () => cluster('QUARANTINED') },
  clusterEvict: { role: 'ADMIN', input: () => cluster('ACTIVE') },
  clusterApproveDeletions: { role: 'OPERATOR', input: () => ({ id: ids.Cluster, count: 20 }) },
  policyApply: { role: 'OPERATOR', input: () => ({ name: `p-${unique()}`, manifests: manifest('x'), placement: {} }) },
  policyDelete: {
    role: 'OPERATOR',
    input: async () => {
      const name = `p-${unique()}`;
      await run(organization.token, 'policyApply', { name, manifests: manifest('x'), placement: {} });
      return { name };
    },
  },
  policyRollBack: {
    role: 'OPERATOR',
    input: async () => {
      const name = `p-${unique()}`;
      await run(organization.token, 'policyApply', { name, manifests: manifest('x'), placement: {} });
      return { name, version: 1 };
    },
  },
  rolloutPause: { role: 'OPERATOR', input: rollout },
  rolloutResume: { role: 'OPERATOR', input: rollout },
  rolloutPromote: { role: 'OPERATOR', input: async () => ({ ...(await rollout()), wave: 0 }) },
  // The role that the gate asks for.
  rolloutApprove: { role: 'ADMIN', input: async () => ({ ...(await rollout()), wave: 0 }) },
  rolloutAbort: { role: 'OPERATOR', input: rollout },
  freezeCreate: { role: 'ADMIN', input: () => ({ reason: 'holiday', clusterSelector: 'nobody=here' }) },
  freezeEnd: { role: 'ADMIN', input: () => ({ id: ids.Freeze }) },
};

/** One that is under way, of a policy of its own. */
async function rollout(): Promise<{ id: string }> {
  const name = `p-${unique()}`;
  await run(organization.token, 'policyApply', { name, manifests: manifest('x'), placement: {} });
  const { rows } = await api.db.admin.query<{ id: string }>('select id from policy where name = $1', [name]);
  const { Rollout: id } = await populateRollout(api, organization.id, ids.clusterId, rows[0]?.id ?? '', name);
  return { id };
}

let made = 0;
function unique(): string {
  made += 1;
  return String(made);
}

async function cluster(lifecycle: string): Promise<{ id: string }> {
  const id = await insertCluster(api, organization.id, `cluster-${unique()}`, {}, lifecycle);
  return { id: Buffer.from(`C:${id}`).toString('base64url') };
}

async function run(token: string, mutation: string, input: object) {
  const type = buildSchema(schemaText).getMutationType()?.getFields()[mutation]?.args[0]?.type;
  const { data, errors } = await api.query<Record<string, { userErrors: { code: string; field: string[] | null }[] }>>(
    token,
    `mutation ($input: ${String(type)}) { ${mutation}(input: $input) { __typename userErrors { code field } } }`,
    { input },
    { 'meshfleet-organization': 'acme' },
  );
  expect(errors, mutation).toEqual([]);
  return data[mutation]?.userErrors.map(({ code }) => code) ?? [];
}

async function count(table: string): Promise<number> {
  const { rows } = await api.db.admin.query<{ count: number }>(`select count(*)::int as count from ${table} where organization_id = $1`, [organization.id]);
  return rows[0]?.count ?? 0;
}

describe('roles', () => {
  it('are asked of every mutation that there is', () => {
    expect(Object.keys(MUTATIONS).sort()).toEqual(Object.keys(buildSchema(schemaText).getMutationType()?.getFields() ?? {}).sort());
  });

  it.each(Object.keys(MUTATIONS))('of %s are enforced, and the refused leave no trace', async (name) => {
    const mutation = MUTATIONS[name];
    for (const role of ROLES) {
      const input = (await mutation?.input()) ?? {};
      const before = { audit: await count('audit_event'), outbox: await count('outbox') };
      const codes = await run(tokens.get(role) ?? '', name, input);
      const may = mutation?.role === undefined || includesRole(role, mutation.role);
      expect([role, codes]).toEqual([role, may ? [] : ['FORBIDDEN']]);
      if (!may) expect({ audit: await count('audit_event'), outbox: await count('outbox') }).toEqual(before);
    }
  });

  it('every change leaves an audit event', async () => {
    const { rows } = await api.db.admin.query<{ action: string }>('select distinct action from audit_event');
    const actions = rows.map(({ action }) => action);
    for (const action of ['organization.create', 'join-token.create', 'join-token.revoke', 'api-token.create', 'api-token.revoke', 'cluster.approve', 'cluster.update', 'cluster.quarantine', 'cluster.release', 'cluster.evict', 'cluster.approve-deletions', 'policy.apply', 'policy.delete', 'policy.roll-back', 'rollout.pause', 'rollout.approve', 'rollout.abort', 'freeze.create', 'freeze.end']) {
      expect(actions).toContain(action);
    }
  });
});

describe('an idempotency key', () => {
  it('is taken by every mutation', () => {
    for (const field of Object.values(buildSchema(schemaText).getMutationType()?.getFields() ?? {})) {
      const input = field.args[0] === undefined ? undefined : getNamedType(field.args[0].type);
      expect(isInputObjectType(input) ? Object.keys(input.getFields()) : [], field.name).toContain('idempotencyKey');
    }
  });

  it('makes a repeated mutation change nothing and answer the same; its secret is shown once', async () => {
    const create = () =>
      api.query<{ joinTokenCreate: { joinToken: { id: string }; secret: string | null } }>(
        organization.token,
        'mutation { joinTokenCreate(input: {name: "once", idempotencyKey: "k1"}) { joinToken { id } secret userErrors { code } } }',
        {},
        { 'meshfleet-organization': 'acme' },
      );
    const before = await count('join_token');
    const answers = await Promise.all([create(), create(), create()]);
    expect(new Set(answers.map(({ data }) => data.joinTokenCreate.joinToken.id)).size).toBe(1);
    expect(answers.filter(({ data }) => data.joinTokenCreate.secret !== null)).toHaveLength(1);
    expect(await count('join_token')).toBe(before + 1);
    const { rows } = await api.db.admin.query<{ text: string }>('select string_agg(i::text, $1) as text from idempotency i', [',']);
    expect(rows[0]?.text).not.toContain('mfj_');
  });

  it('is refused for another input or another mutation', async () => {
    const input = { name: 'keyed', manifests: manifest('x'), placement: {}, idempotencyKey: 'k2' };
    expect(await run(organization.token, 'policyApply', input)).toEqual([]);
    expect(await run(organization.token, 'policyApply', { ...input, comment: 'other' })).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    expect(await run(organization.token, 'joinTokenCreate', { name: 'x', idempotencyKey: 'k2' })).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it('is left free by a mutation that failed', async () => {
    const input = { name: 'later', manifests: 'nonsense: [', placement: {}, idempotencyKey: 'k3' };
    expect(await run(organization.token, 'policyApply', input)).not.toEqual([]);
    expect(await run(organization.token, 'policyApply', { ...input, manifests: manifest('x') })).toEqual([]);
  });

  it('gives whoever creates an organization twice the same one, and nobody else', async () => {
    const create = async (subject: string, slug: string, key: string) => {
      const { data } = await api.query<{ organizationCreate: { organization: { id: string } | null; userErrors: { code: string }[] } }>(
        await api.token(subject),
        'mutation ($input: OrganizationCreateInput!) { organizationCreate(input: $input) { organization { id slug clusters(first: 1) { nodes { name } } } userErrors { code } } }',
        { input: { slug, name: 'New', idempotencyKey: key } },
      );
      return data.organizationCreate;
    };
    const [first, second] = [await create('ann', 'anns', 'k'), await create('ann', 'anns', 'k')];
    expect(first.organization?.id).toBeDefined();
    expect(second).toEqual(first);
    expect((await create('ann', 'other', 'k')).userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    expect((await create('bob', 'anns', 'k')).userErrors).toMatchObject([{ code: 'ALREADY_EXISTS' }]);
  });
});

describe('the life of a cluster', () => {
  it('takes only steps that make sense, and the same step twice for one', async () => {
    const { id } = await cluster('ACTIVE');
    const step = (name: string) => run(organization.token, name, { id });
    expect(await step('clusterRelease')).toEqual([]);
    expect(await step('clusterApprove')).toEqual([]);
    expect(await step('clusterQuarantine')).toEqual([]);
    expect(await step('clusterQuarantine')).toEqual([]);
    expect(await step('clusterApprove')).toEqual(['PRECONDITION_FAILED']);
    expect(await step('clusterEvict')).toEqual([]);
    expect(await step('clusterRelease')).toEqual(['PRECONDITION_FAILED']);
  });

  it('keeps names unique and labels as Kubernetes takes them', async () => {
    const { id } = await cluster('ACTIVE');
    expect(await run(organization.token, 'clusterUpdate', { id, name: 'mark-cluster' })).toEqual(['ALREADY_EXISTS']);
    expect(await run(organization.token, 'clusterUpdate', { id, labels: [{ key: 'meshfleet.io/name', value: 'x' }] })).toEqual(['INVALID_INPUT']);
    expect(await run(organization.token, 'clusterUpdate', { id, labels: [{ key: 'a', value: '1' }, { key: 'a', value: '2' }] })).toEqual(['INVALID_INPUT']);
    expect(await run(organization.token, 'clusterUpdate', { id, labels: [{ key: '-a', value: '!' }] })).toEqual(['INVALID_INPUT', 'INVALID_INPUT']);
  });
});

it('a fault of ours says nothing but a request id', async () => {
  await api.db.admin.query('alter table policy rename column description to description_away');
  try {
    const { errors, status } = await api.query(organization.token, '{ organization { policies(first: 1) { nodes { name } } } }', {}, { 'meshfleet-organization': 'acme' });
    expect(status).toBe(500);
    expect(errors[0]?.message).toBe('Something went wrong on our side');
    expect(errors[0]?.extensions['requestId']).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.stringify(errors)).not.toContain('description');
  } finally {
    await api.db.admin.query('alter table policy rename column description_away to description');
  }
});
