import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { insertCluster } from '../../apps/api/src/testing/populate.ts';
import { reportInventory } from '../../apps/api/src/testing/report-inventory.ts';
import { startTestApi, type TestApi } from '../../apps/api/src/testing/test-api.ts';
import { applyPolicyChanges } from '../../apps/reconciler/src/events/apply-policy-changes.ts';

// What a withdrawal or a return to an earlier version would break is known only where the reconciler has composed states.

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let frankfurt: string;
let count = 0;
let name: string;

const SERVICE = { type: 'ClusterIP', selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] };
const SUBSETS = 'DestinationRule.networking.istio.io/shop/web';
const ROUTE = 'VirtualService.networking.istio.io/shop/theirs';
const rule = (subsets: string): string => `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: web, namespace: shop}\nspec: {host: web, subsets: [${subsets}]}\n`;
const V1 = '{name: v1, labels: {version: v1}}';
const V2 = '{name: v2, labels: {version: v2}}';
/** Somebody else's, beside any policy of ours. */
const theirs = (subset: string) => ({ apiVersion: 'networking.istio.io/v1', hash: 'h', managedBy: 'kubectl', spec: { hosts: ['web'], http: [{ route: [{ destination: { host: 'web', subset } }] }] } });
const held = (policyId: string, subsets: readonly string[]) => ({ apiVersion: 'networking.istio.io/v1', hash: 'h', managedBy: 'meshfleet', policyId, spec: { host: 'web', subsets: subsets.map((version) => ({ name: version, labels: { version } })) } });

beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  await api.db.admin.query(`insert into member (id, organization_id, identity, role) values (gen_random_uuid(), $1, $2, 'OPERATOR')`, [ada.id, `${api.issuer.issuer}|bob`]);
  frankfurt = await insertCluster(api, ada.id, 'frankfurt', { env: 'prod' });
});
afterAll(() => api.close());
beforeEach(() => {
  count += 1;
  name = `subsets-${count}`;
});

interface Problem {
  readonly code: string;
  readonly finding: string | null;
  readonly object: string | null;
  readonly field: readonly string[] | null;
}
interface Payload {
  readonly policy: { readonly id: string } | null;
  readonly analysis: object | null;
  readonly warnings: readonly Problem[];
  readonly userErrors: readonly Problem[];
}
const PROBLEM = 'code finding object field';
const PAYLOAD = `policy { id } analysis { clusters reported analysed } warnings { ${PROBLEM} } userErrors { ${PROBLEM} }`;

async function mutate(mutation: string, input: object, token = ada.token): Promise<Payload> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const { data, errors } = await api.query<Record<string, Payload>>(token, `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${PAYLOAD} } }`, { input });
  expect(errors).toEqual([]);
  return data[mutation] as Payload; // the mutation that was asked for
}

async function apply(manifests: string): Promise<string> {
  const { policy, userErrors } = await mutate('policyApply', { name, manifests, placement: { clusterSelector: 'env=prod' } });
  expect(userErrors).toEqual([]);
  await reconcile();
  return Buffer.from(policy?.id ?? '', 'base64url').toString().slice(2);
}

/** The reconciler's work, and an agent that has carried it out. */
async function reconcile(): Promise<void> {
  const { rows } = await api.db.admin.query<{ id: string }>('select id from policy where organization_id = $1 and not placed', [ada.id]);
  await applyPolicyChanges(api.db.store, { organizationId: ada.id, changes: rows.map(({ id }) => ({ policyId: id, actor: 'user:ada' })) });
  await api.db.admin.query('update cluster set acked_epoch = 1, acked_revision = desired_revision where organization_id = $1', [ada.id]);
}

const report = (inventory: Record<string, object>) => reportInventory(api, ada.id, frankfurt, { 'Service/shop/web': SERVICE, ...inventory });

describe('the withdrawal of a policy', () => {
  it('is refused while somebody’s route needs what it holds, and previewed so', async () => {
    await report({});
    const policyId = await apply(rule(V1));
    await report({ [SUBSETS]: held(policyId, ['v1']), [ROUTE]: theirs('v1') });
    const refusal = { code: 'FINDING_INTRODUCED', finding: 'IST0101', object: ROUTE };
    expect(await mutate('policyDelete', { name })).toMatchObject({ policy: null, userErrors: [{ ...refusal, field: ['input', 'name'] }] });
    const { data } = await api.query<{ policyPreview: { refusals: Problem[]; clusters: { nodes: { findings: { introduced: object[] } }[] } } }>(
      ada.token,
      `query ($delete: PolicyDeleteInput) { policyPreview(delete: $delete) { refusals { ${PROBLEM} } clusters(first: 1) { nodes { findings { introduced { code object } } } } } }`,
      { delete: { name } },
    );
    expect(data.policyPreview.refusals).toMatchObject([{ ...refusal, field: ['delete', 'name'] }]);
    expect(data.policyPreview.clusters.nodes[0]?.findings.introduced).toEqual([{ code: 'IST0101', object: ROUTE }]);
    // The withdrawal by waves is the same withdrawal.
    expect((await mutate('policyDelete', { name, rollout: { waves: [{ percent: 100 }] } })).userErrors).toMatchObject([refusal]);
    expect((await mutate('policyDelete', { name, force: true }, await api.token('bob'))).userErrors).toMatchObject([{ code: 'FORBIDDEN' }]);
    const forced = await mutate('policyDelete', { name, ignoreFindings: ['IST0101'] });
    expect(forced).toMatchObject({ userErrors: [], warnings: [refusal], analysis: { clusters: 1, reported: 1, analysed: 1 } });
    const { rows } = await api.db.admin.query<{ details: object }>(`select details from audit_event where action = 'policy.delete' order by seq desc limit 1`);
    expect(rows[0]?.details).toMatchObject({ name, ignoredErrors: 1, ignoredFindings: [`IST0101 ${ROUTE}`] });
    await reconcile();
  });

  it('is not refused when nobody needs it', async () => {
    await report({});
    const policyId = await apply(rule(V1));
    await report({ [SUBSETS]: held(policyId, ['v1']) });
    expect(await mutate('policyDelete', { name })).toMatchObject({ userErrors: [], warnings: [] });
    await reconcile();
  });
});

describe('the return to an earlier version', () => {
  it('is refused for what the earlier one lacks by now, and made if it is forced', async () => {
    await report({});
    await apply(rule(V1));
    const policyId = await apply(rule(`${V1}, ${V2}`));
    await report({ [SUBSETS]: held(policyId, ['v1', 'v2']), [ROUTE]: theirs('v2') });
    expect((await mutate('policyRollBack', { name, version: 1 })).userErrors).toMatchObject([{ code: 'FINDING_INTRODUCED', finding: 'IST0101', object: ROUTE, field: ['input', 'version'] }]);
    expect((await mutate('policyRollBack', { name, version: 2 })).userErrors).toEqual([]);
    expect(await mutate('policyRollBack', { name, version: 1, force: true })).toMatchObject({ userErrors: [], warnings: [{ finding: 'IST0101' }] });
    await reconcile();
  });

  it('of what is not there is told as before', async () => {
    expect((await mutate('policyRollBack', { name, version: 7 })).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await mutate('policyDelete', { name })).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });
});

describe('the preview', () => {
  it('tells what a change would end', async () => {
    await report({ [ROUTE]: theirs('v9') });
    const { data, errors } = await api.query<{ policyPreview: { clusters: { nodes: { findings: object }[] } } }>(
      ada.token,
      `query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { clusters(first: 1) { nodes { findings { introduced { code } resolved { code object severity } } } } } }`,
      { apply: { name: `${name}-new`, manifests: rule('{name: v9, labels: {version: v9}}').replace('name: web', 'name: others'), placement: { clusterSelector: 'env=prod' } } },
    );
    expect(errors).toEqual([]);
    expect(data.policyPreview.clusters.nodes).toEqual([{ findings: { introduced: [], resolved: [{ code: 'IST0101', object: ROUTE, severity: 'ERROR' }] } }]);
  });
});
