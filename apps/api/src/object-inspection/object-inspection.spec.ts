import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatGlobalId } from '../graphql/global-id.ts';
import { populate, type Populated } from '../testing/populate.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { liveView } from './live-object.ts';

let api: TestApi;
let ada: { id: string; slug: string; token: string };
let adas: Populated;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.organization('ada', 'acme');
  adas = await populate(api, ada, 'ada');
});
afterAll(() => api.close());

const KEY = 'ConfigMap/ada/ada-map';
const QUERY = `query ($id: ID!, $key: String!) { objectInspection(clusterId: $id, key: $key) { key version because expiresAt manifest revision
  policy { name } claims { holds selected version expiresAt policy { name } } condition { status reason }
  appliedAt appliedRevision steps { step state } next { step state summary fix code } history { revision change actors diff } } }`;

interface Inspection {
  readonly steps: readonly { readonly step: string; readonly state: string }[];
  readonly next: object | null;
  readonly [field: string]: unknown;
}

async function inspect(key: string, id = adas.Cluster): Promise<Inspection> {
  const { data, errors } = await api.query<{ objectInspection: Inspection }>(ada.token, QUERY, { id, key });
  expect(errors).toEqual([]);
  return data.objectInspection;
}

describe('the inspector', () => {
  it('tells which policy has an object, why here, what it should be, what became of it, and what blocks', async () => {
    const inspection = await inspect(KEY);
    expect(inspection).toMatchObject({
      key: KEY,
      version: 2,
      because: 'the placement names the cluster ada-cluster',
      revision: 2,
      appliedAt: '2026-11-26T12:00:00.000Z',
      appliedRevision: 2,
      policy: { name: 'ada-policy' },
      claims: [{ holds: true, selected: true, version: 2, policy: { name: 'ada-policy' } }],
      manifest: { data: { value: 'ada two' } },
      condition: { status: 'DRIFTED', reason: 'Changed' },
      next: { step: 'KEPT', state: 'BLOCKED', summary: expect.stringContaining('ada manager') as string },
      history: [
        { revision: 2, change: 'CHANGED', actors: ['user:ada'], diff: expect.stringContaining('+  value: ada two') as string },
        { revision: 1, change: 'ADDED', actors: ['user:ada'] },
      ],
    });
    expect(inspection.steps.map(({ state }) => state)).toEqual(['PASSED', 'PASSED', 'PASSED', 'PASSED', 'PASSED', 'PASSED', 'PASSED', 'BLOCKED', 'UNKNOWN', 'UNKNOWN']);
  });

  it('says of what nobody wants that nobody wants it', async () => {
    expect(await inspect('ConfigMap/ada/other')).toMatchObject({ policy: null, claims: [], manifest: null, revision: null, history: [], next: { step: 'WANTED', state: 'BLOCKED' } });
  });

  it('says of what has come to its end when that was, and of what another policy has since that this one holds it', async () => {
    const end = async (at: string | null): Promise<void> => {
      await api.db.admin.query(`update policy_version set objects = (select jsonb_agg(case when $2::text is null then o - 'expiresAt' else o || jsonb_build_object('expiresAt', $2::text) end) from jsonb_array_elements(objects) o) where policy_id = $1`, [adas.policyId, at]);
    };
    const fault = 'PeerAuthentication.security.istio.io/shop/ada-strict';
    await end('2999-01-01T00:00:00.000Z');
    expect(await inspect(fault)).toMatchObject({ expiresAt: '2999-01-01T00:00:00.000Z', next: { step: 'COMPILED' } });
    await end('2020-01-01T00:00:00.000Z');
    expect(await inspect(fault)).toMatchObject({
      expiresAt: '2020-01-01T00:00:00.000Z',
      manifest: null,
      claims: [{ expiresAt: '2020-01-01T00:00:00.000Z' }],
      next: { step: 'WANTED', state: 'BLOCKED', summary: 'It ended at 2020-01-01T00:00:00.000Z, as version 2 of the policy ada-policy says.', fix: expect.stringContaining('meshfleet.io/expires-at') as string },
    });
    const { query } = api.db.admin;
    await query(`insert into policy (id, organization_id, name, current_version, stable_version, created_at) select gen_random_uuid(), organization_id, 'younger', 1, 1, now() from policy where id = $1`, [adas.policyId]);
    await query(`insert into policy_version (organization_id, policy_id, version, manifests, objects, placement, drift, conflicts, created_by) select v.organization_id, p.id, 1, v.manifests, (select jsonb_agg(o - 'expiresAt') from jsonb_array_elements(v.objects) o), v.placement, v.drift, v.conflicts, v.created_by
      from policy_version v, policy p where v.policy_id = $1 and v.version = 2 and p.name = 'younger' and p.organization_id = v.organization_id`, [adas.policyId]);
    await query(`insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status, object_count) select organization_id, id, $1, 1, 0, 'PENDING', 1 from policy where name = 'younger' and organization_id = $2`, [adas.clusterId, ada.id]);
    expect(await inspect(fault)).toMatchObject({ policy: { name: 'younger' }, expiresAt: null, next: { step: 'COMPILED', state: 'WAITING' } });
    await query(`delete from policy_cluster where policy_id = (select id from policy where name = 'younger' and organization_id = $1)`, [ada.id]);
    await query(`update policy set deleted_at = now() where name = 'younger' and organization_id = $1`, [ada.id]);
    await end(null);
  });

  it('does not take for an unwanted object what is no key at all', async () => {
    const { errors } = await api.query(ada.token, QUERY, { id: adas.Cluster, key: 'VirtualService/shop/reviews' });
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', fix: 'Did you mean VirtualService.networking.istio.io/shop/reviews?', where: { field: ['key'] } } }]);
  });

  it('says of what a policy names but no desired state carries yet that it is on its way', async () => {
    expect(await inspect('PeerAuthentication.security.istio.io/shop/ada-strict')).toMatchObject({ policy: { name: 'ada-policy' }, manifest: null, next: { step: 'COMPILED', state: 'WAITING' } });
  });

  it('says that the agent is away, and since when, of what it had acknowledged before', async () => {
    await api.db.admin.query(`update cluster set last_seen_at = '2026-01-01T11:00:00Z' where id = $1`, [adas.clusterId]);
    expect((await inspect(KEY)).next).toMatchObject({ step: 'KEPT', state: 'BLOCKED', code: 'AGENT_OFFLINE', summary: expect.stringContaining('2026-01-01T11:00:00.000Z') as string });
    await api.db.admin.query('update cluster set last_seen_at = now() where id = $1', [adas.clusterId]);
  });

  it('walks the stations once for both, and asks nothing of the database twice', async () => {
    const statements = async (fields: string): Promise<number> => {
      api.statements.count = 0;
      const { errors } = await api.query(ada.token, `query ($id: ID!, $key: String!) { objectInspection(clusterId: $id, key: $key) { ${fields} } }`, { id: adas.Cluster, key: KEY });
      expect(errors).toEqual([]);
      return api.statements.count;
    };
    await statements('next { step }');
    expect(await statements('next { step } steps { step } ')).toBe(await statements('next { step }'));
  });

  it('lets what an agent has just seen go before what it reported', async () => {
    await api.db.admin.query(`update cluster set facts = facts || '{"kubernetesVersion": "v1.34.0", "features": ["TASKS"]}', last_seen_at = now() where id = $1`, [adas.clusterId]);
    const asked = api.query<{ objectInspection: { next: object; live: { found: boolean } } }>(ada.token, 'query ($id: ID!, $key: String!) { objectInspection(clusterId: $id, key: $key) { next { step state summary } live { found appliedAt error { code } } } }', { id: adas.Cluster, key: KEY });
    let over = false;
    void asked.finally(() => (over = true));
    while (!over) await api.db.admin.query(`update agent_task set status = 'DONE', result = '{"found": false, "managers": [], "conditions": []}' where cluster_id = $1 and status = 'PENDING'`, [adas.clusterId]);
    const { data, errors } = await asked;
    expect(errors).toEqual([]);
    expect(data.objectInspection).toMatchObject({ next: { step: 'APPLIED', state: 'WAITING', summary: expect.stringContaining('not in the cluster now') as string }, live: { found: false, error: null } });
  });

  it('knows no cluster that is not there', async () => {
    expect(await inspect(KEY, formatGlobalId({ type: 'Cluster', id: ada.id }))).toBeNull();
    expect(await inspect(KEY, adas.Policy)).toBeNull();
  });
});

describe('an object as its cluster has it', () => {
  const manager = (name: string, time: string, more: object = {}) => ({ manager: name, operation: 'Update', time, fields: ['.spec'], ...more });

  it('was changed since by those who wrote after us, the status left out', () => {
    const view = liveView({
      found: true,
      managers: [
        manager('meshfleet', '2026-01-01T12:00:00Z', { operation: 'Apply' }),
        manager('argocd-controller', '2026-01-01T11:00:00Z'),
        manager('kubectl-edit', '2026-01-01T13:00:00Z'),
        manager('pilot-discovery', '2026-01-01T14:00:00Z', { subresource: 'status' }),
      ],
      conditions: [],
    });
    expect(view.appliedAt).toBe('2026-01-01T12:00:00Z');
    expect(view.changedSince.map((each) => each.manager)).toEqual(['kubectl-edit']);
    expect(view.managers).toHaveLength(4);
  });

  it('that the agent may not read says so', () => {
    expect(liveView({ found: false, managers: [], conditions: [], refused: { reason: 'Forbidden', message: 'no' } })).toMatchObject({ found: false, error: { code: 'KUBERNETES_REFUSED', why: 'Forbidden' } });
  });
});
