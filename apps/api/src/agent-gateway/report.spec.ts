import { contentHash } from '@meshfleet/model';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assignPolicy, configMap, desire, policyStatus } from './desired.fixture.ts';
import { startGateway, TestAgent } from './gateway.fixture.ts';
import type { TestGateway } from './gateway.fixture.ts';

let gateway: TestGateway;
let organizationId: string;
beforeAll(async () => {
  gateway = await startGateway();
  organizationId = await gateway.db.createOrganization();
});
afterAll(() => gateway.stop());

const observedAt = '2026-11-23T12:00:00.000Z';
type Status = 'APPLIED' | 'FAILED' | 'DRIFTED' | 'CORRECTED' | 'UNHEALTHY' | 'DELETED';
const condition = (policyId: string, status: Status, key = 'ConfigMap/shop/a', more = {}) => ({ key, policyId, status, reason: 'Because', message: 'it is so', observedAt, ...more });
const items = (...list: readonly object[]) => ({ conditions: { full: false, items: list } });

async function row(agent: TestAgent): Promise<Record<string, unknown>> {
  return (await gateway.db.admin.query('select * from cluster where id = $1', [agent.identity.clusterId])).rows[0] ?? {};
}
async function conditionsOf(agent: TestAgent): Promise<Record<string, unknown>[]> {
  return (await gateway.db.admin.query('select object_key, status, reason, manager, fields from object_condition where cluster_id = $1 order by object_key', [agent.identity.clusterId])).rows;
}
async function inventoryOf(agent: TestAgent): Promise<unknown[]> {
  const { rows } = await gateway.db.admin.query<{ k: string }>('select object_key as k from inventory_item where cluster_id = $1 order by 1', [agent.identity.clusterId]);
  return rows.map(({ k }) => k);
}
/** An agent with one policy in revision 1. */
async function withPolicy(version: number | null = 1) {
  const agent = await TestAgent.enrol(gateway, organizationId);
  const { digest } = await desire(gateway, organizationId, agent.identity.clusterId, [configMap('a')]);
  const policyId = await assignPolicy(gateway, organizationId, agent.identity.clusterId, { version });
  const status = () => policyStatus(gateway, agent.identity.clusterId, policyId);
  return { agent, digest, policyId, status, ack: { epoch: 1, revision: 1, digest } };
}

describe('an acknowledgement', () => {
  it('makes a policy APPLIED', async () => {
    const { agent, ack, status } = await withPolicy();
    expect(await status()).toBe('PENDING');
    expect((await agent.report(1, ack)).json).toEqual({ seq: 1, accepts: ['UNHEALTHY'] });
    expect(await status()).toBe('APPLIED');
    expect(await row(agent)).toMatchObject({ acked_epoch: 1, acked_revision: 1, acked_digest: ack.digest, report_seq: 1 });
  });

  it('is noted with the revision that it is of, the first time', async () => {
    const { agent, ack } = await withPolicy();
    const noted = async () => (await gateway.db.admin.query<{ at: Date | null }>('select acked_at as at from desired_state where cluster_id = $1', [agent.identity.clusterId])).rows.map(({ at }) => at);
    await agent.report(1, { ...ack, digest: 'f'.repeat(64) });
    expect(await noted()).toEqual([null]);
    await agent.report(2, ack);
    const first = await noted();
    expect(first).toEqual([expect.any(Date)]);
    await agent.report(3, ack);
    expect(await noted()).toEqual(first);
  });

  it.each([
    ['of a revision that was never asked for', { revision: 2 }],
    ['of another epoch', { epoch: 2 }],
    ['of an older epoch', { epoch: 0 }],
    ['of another digest', { digest: 'f'.repeat(64) }],
  ])('%s counts for nothing', async (_, changes) => {
    const { agent, ack, status } = await withPolicy();
    expect((await agent.report(1, { ...ack, ...changes })).status).toBe(200);
    expect(await status()).toBe('PENDING');
    expect(await row(agent)).toMatchObject({ acked_revision: 0 });
  });

  it('of a withdrawal ends it, with the conditions of the policy', async () => {
    const { agent, ack, policyId, status } = await withPolicy(null);
    await agent.report(1, items(condition(policyId, 'DRIFTED')));
    expect(await status()).toBe('PENDING');
    await agent.report(2, ack);
    expect([await status(), await conditionsOf(agent)]).toEqual([undefined, []]);
  });

  it('of a withdrawal that the deletion guard stopped leaves it FAILED, until the objects are gone', async () => {
    const { agent, ack, policyId, status } = await withPolicy(null);
    await agent.report(1, { ...ack, ...items(condition(policyId, 'FAILED', 'ConfigMap/shop/a', { reason: 'DeletionGuard' })) });
    expect(await status()).toBe('FAILED');
    await agent.report(2, { epoch: 1, revision: 1, ...items(condition(policyId, 'DELETED')) });
    expect(await status()).toBeUndefined();
  });
});

describe('conditions', () => {
  it('decide the status: FAILED over DRIFTED over APPLIED', async () => {
    const { agent, ack, policyId, status } = await withPolicy();
    await agent.report(1, { ...ack, ...items(condition(policyId, 'FAILED', 'ConfigMap/shop/a', { manager: 'kubectl', fields: ['.data.x'] }), condition(policyId, 'DRIFTED', 'ConfigMap/shop/b')) });
    expect(await status()).toBe('FAILED');
    expect(await conditionsOf(agent)).toEqual([
      { object_key: 'ConfigMap/shop/a', status: 'FAILED', reason: 'Because', manager: 'kubectl', fields: ['.data.x'] },
      { object_key: 'ConfigMap/shop/b', status: 'DRIFTED', reason: 'Because', manager: null, fields: [] },
    ]);
    await agent.report(2, { ...ack, ...items(condition(policyId, 'APPLIED')) });
    expect(await status()).toBe('DRIFTED');
    await agent.report(3, { ...ack, ...items(condition(policyId, 'CORRECTED', 'ConfigMap/shop/b')) });
    expect(await status()).toBe('APPLIED');
    expect(await conditionsOf(agent)).toMatchObject([{ status: 'CORRECTED' }]);
  });

  it('of a full report replace all others', async () => {
    const { agent, ack, policyId, status } = await withPolicy();
    await agent.report(1, { ...ack, ...items(condition(policyId, 'FAILED'), condition(policyId, 'DRIFTED', 'ConfigMap/shop/b')) });
    await agent.report(2, { conditions: { full: true, items: [condition(policyId, 'DRIFTED', 'ConfigMap/shop/b')] } });
    expect([await status(), (await conditionsOf(agent)).length]).toEqual(['DRIFTED', 1]);
    await agent.report(3, { conditions: { full: true, items: [] } });
    expect([await status(), await conditionsOf(agent)]).toEqual(['APPLIED', []]);
  });

  it("neither clear nor change the hub's own verdict", async () => {
    const { agent, ack, policyId, status } = await withPolicy();
    await gateway.db.admin.query(
      `insert into object_condition (organization_id, cluster_id, policy_id, object_key, status, reason, message, revision, observed_at)
       values ($1, $2, $3, 'ConfigMap/shop/a', 'FAILED', 'ObjectClaimedByOtherPolicy', '', 1, now())`,
      [organizationId, agent.identity.clusterId, policyId],
    );
    await agent.report(1, { ...ack, conditions: { full: true, items: [] } });
    await agent.report(2, items(condition(policyId, 'APPLIED')));
    await agent.report(3, items(condition(policyId, 'DRIFTED')));
    expect([await status(), await conditionsOf(agent)]).toMatchObject(['FAILED', [{ reason: 'ObjectClaimedByOtherPolicy' }]]);
  });

  it('of policies that do not reach the cluster are dropped', async () => {
    const { agent } = await withPolicy();
    const elsewhere = await withPolicy();
    await agent.report(1, items(condition(elsewhere.policyId, 'FAILED')));
    expect(await conditionsOf(agent)).toEqual([]);
    expect(await elsewhere.status()).toBe('PENDING');
  });

  it('with text that Postgres cannot store are stored all the same', async () => {
    const { agent, ack, policyId } = await withPolicy();
    const answer = await agent.report(1, { ...ack, ...items(condition(policyId, 'FAILED', 'ConfigMap/shop/a', { message: 'nul \0 and half \ud800', fields: ['\0'] })) });
    expect(answer.status).toBe(200);
    expect(await conditionsOf(agent)).toMatchObject([{ status: 'FAILED', fields: ['\ufffd'] }]);
  });

  it('wake subscriptions with the ids of what changed', async () => {
    const { agent, ack, policyId } = await withPolicy();
    const notices: string[] = [];
    let wake = (): void => undefined;
    const stop = await gateway.db.store.listen('meshfleet_changed', (payload) => {
      notices.push(payload);
      wake();
    });
    await agent.report(1, ack);
    while (!notices.some((each) => each.includes(policyId)) || !notices.some((each) => each.includes(agent.identity.clusterId))) {
      await new Promise<void>((resolve) => (wake = resolve));
    }
    await stop();
  });
});

describe('reports', () => {
  it('of objects that are not well leave the policy applied, and are cleared when they are well', async () => {
    const { agent, ack, policyId, status } = await withPolicy();
    await agent.report(1, { ...ack, ...items({ ...condition(policyId, 'UNHEALTHY', 'ConfigMap/shop/a'), reason: 'NotAccepted' }) });
    expect(await status()).toBe('APPLIED');
    expect(await conditionsOf(agent)).toMatchObject([{ object_key: 'ConfigMap/shop/a', status: 'UNHEALTHY', reason: 'NotAccepted' }]);
    await agent.report(2, { ...ack, ...items(condition(policyId, 'APPLIED', 'ConfigMap/shop/a')) });
    expect(await conditionsOf(agent)).toEqual([]);
  });

  it('have their effect once, whatever is doubled, dropped or comes late', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20 }), async (sequence) => {
        const { agent, ack, policyId } = await withPolicy();
        let taken = 0;
        for (const seq of sequence) {
          const { json } = await agent.report(seq, { ...ack, facts: { kubernetesVersion: `v${seq}`, nodeCount: seq, meshes: [], servedKinds: [] }, ...items(condition(policyId, 'DRIFTED', `ConfigMap/shop/o${seq}`)) });
          taken = Math.max(taken, seq);
          expect(json).toMatchObject({ seq: taken });
        }
        expect(await row(agent)).toMatchObject({ report_seq: taken, node_count: taken, kubernetes_version: `v${taken}` });
        // Taken were exactly those that were ahead of all before them.
        const rising = sequence.filter((seq, index) => seq > Math.max(0, ...sequence.slice(0, index)));
        expect((await conditionsOf(agent)).map((each) => each['object_key'])).toEqual(rising.map((seq) => `ConfigMap/shop/o${seq}`).sort());
      }),
      { numRuns: 8 },
    );
  });

  it('of one agent that come at the same time are taken in their order or left', async () => {
    const { agent } = await withPolicy();
    const answers = await Promise.all([1, 2, 3, 4].map((seq) => agent.report(seq)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await row(agent)).toMatchObject({ report_seq: 4 });
  });

  it('of a hundred agents are written in few transactions', async () => {
    const org = await gateway.db.createOrganization();
    const agents = await Promise.all(Array.from({ length: 100 }, () => TestAgent.enrol(gateway, org)));
    const writes = async () => {
      const { rows } = await gateway.db.admin.query<{ n: number }>('select count(distinct xmin::text)::int as n from cluster where organization_id = $1', [org]);
      return rows[0]?.n ?? 0;
    };
    expect(await writes()).toBeGreaterThanOrEqual(100);
    const answers = await Promise.all(agents.map((agent) => agent.report(1)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    // Each transaction stamps its rows: so many transactions wrote all hundred.
    expect(await writes()).toBeLessThanOrEqual(25);
  });

  it('reach nobody else: a report of one tenant leaves the others as they are', async () => {
    const foreign = await gateway.db.createOrganization();
    const theirs = await TestAgent.enrol(gateway, foreign);
    const { agent, policyId, ack } = await withPolicy();
    await theirs.report(1, { ...ack, ...items(condition(policyId, 'FAILED')) });
    expect([await conditionsOf(agent), await conditionsOf(theirs)]).toEqual([[], []]);
  });
});

describe('facts', () => {
  it('fill in region and zone that nobody set, and have the placement looked at again', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const facts = { kubernetesVersion: 'v1.35.1', nodeCount: 3, region: 'eu', zone: 'eu-1', meshes: [{ flavour: 'ISTIO', revision: 'default', version: '1.29.0', namespace: 'istio-system' }], servedKinds: ['v1/ConfigMap'] };
    await agent.report(1, { facts });
    expect(await row(agent)).toMatchObject({ region: 'eu', zone: 'eu-1', node_count: 3, facts });
    await agent.report(2, { facts: { ...facts, region: 'us', nodeCount: 4 } });
    expect(await row(agent)).toMatchObject({ region: 'eu', node_count: 4 });
    const { rows } = await gateway.db.admin.query(`select 1 from outbox where payload->>'clusterId' = $1 and payload->>'reason' = 'LABELS'`, [agent.identity.clusterId]);
    expect(rows).toHaveLength(1);
  });
});

describe('inventory', () => {
  const item = (key: string, body = {}) => ({ key, body });
  it('follows deltas, and asks for everything when one is missing', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    await agent.report(1, { inventory: { seq: 1, base: 0, upsert: [item('Namespace/a'), item('Service/a/x')], remove: [] } });
    await agent.report(2, { inventory: { seq: 2, base: 1, upsert: [item('Namespace/b')], remove: ['Service/a/x'] } });
    expect(await inventoryOf(agent)).toEqual(['Namespace/a', 'Namespace/b']);
    const gap = await agent.report(3, { inventory: { seq: 9, base: 5, upsert: [item('Namespace/z')], remove: ['Namespace/a'] } });
    expect(gap.json).toMatchObject({ seq: 3, resyncInventory: true });
    expect(await inventoryOf(agent)).toEqual(['Namespace/a', 'Namespace/b']);
    await agent.report(4, { inventory: { seq: 10, base: 0, upsert: [item('Namespace/c')], remove: [] } });
    await agent.report(5, { inventory: { seq: 11, base: 10, upsert: [item('Namespace/d')], remove: [] } });
    expect(await inventoryOf(agent)).toEqual(['Namespace/c', 'Namespace/d']);
  });
});

describe('those who change an object', () => {
  it('are remembered, the last five, each change once, as long as anything is said of it', async () => {
    const { agent, policyId, ack } = await withPolicy();
    const changers = async () => (await gateway.db.admin.query<{ changers: { manager: string }[] }>('select changers from object_condition where cluster_id = $1', [agent.identity.clusterId])).rows.map(({ changers: each }) => each.map(({ manager }) => manager));
    const minute = (number: number): string => `2026-11-23T12:0${number}:00.000Z`;
    await agent.report(1, { ...ack, ...items(condition(policyId, 'CORRECTED', 'ConfigMap/shop/a', { manager: 'kubectl-edit', observedAt: minute(1) })) });
    await agent.report(2, { ...ack, ...items(condition(policyId, 'DRIFTED', 'ConfigMap/shop/a', { manager: 'helm', observedAt: minute(2) })) });
    // A failure is nobody's change; the same correction told again is the same.
    await agent.report(3, { ...ack, ...items(condition(policyId, 'FAILED', 'ConfigMap/shop/a', { manager: 'argocd', observedAt: minute(3) })) });
    await agent.report(4, { ...ack, ...items(condition(policyId, 'CORRECTED', 'ConfigMap/shop/a', { manager: 'helm', observedAt: minute(2) })) });
    expect(await changers()).toEqual([['helm', 'kubectl-edit']]);
    for (const number of [4, 5, 6, 7]) await agent.report(number + 1, { ...ack, ...items(condition(policyId, 'CORRECTED', 'ConfigMap/shop/a', { manager: `m${number}`, observedAt: minute(number) })) });
    expect(await changers()).toEqual([['m7', 'm6', 'm5', 'm4', 'helm']]);
    await agent.report(9, { ...ack, ...items(condition(policyId, 'APPLIED')) });
    expect(await changers()).toEqual([]);
  });
});

describe('schemas of kinds', () => {
  it('are asked for when nobody has sent them, kept under their digest, and asked for no more', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const kind = { group: 'example.com', kind: 'Thing', plural: 'things', scope: 'Namespaced', versions: [{ name: 'v1', served: true, storage: true, deprecated: false, schema: { type: 'object' } }] };
    const digest = contentHash(kind);
    const facts = { kubernetesVersion: 'v1.35.1', nodeCount: 1, meshes: [], servedKinds: [], kindSchemas: { 'Thing.example.com': digest } };
    expect((await agent.report<{ wantSchemas?: string[] }>(1, { facts })).json.wantSchemas).toEqual([digest]);
    expect((await agent.post('/agent/v1/schemas', kind)).json).toEqual({ digest });
    expect((await agent.report<{ wantSchemas?: string[] }>(2, { facts: { ...facts, nodeCount: 2 } })).json.wantSchemas).toBeUndefined();
    expect((await agent.post('/agent/v1/schemas', { ...kind, versions: 'none' })).status).toBe(400);
  });

  it('of another shape than schemas have, or nested without end, are not taken', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const kind = (schema: string) => Buffer.from(`{"group":"example.com","kind":"Odd","plural":"odds","scope":"Namespaced","versions":[{"name":"v1","served":true,"storage":true,"deprecated":false,"schema":${schema}}]}`);
    const nested = (depth: number): string => `${'{"properties":{"a":'.repeat(depth)}{}${'}}'.repeat(depth)}`;
    for (const schema of ['{"properties":[]}', nested(100), nested(20_000)]) {
      // Even if it names them: whether anybody asked for them is looked at later.
      expect((await agent.post('/agent/v1/schemas', kind(schema))).status).toBe(400);
    }
    const { rows } = await gateway.db.admin.query('select from kind_schema where organization_id = $1 and body->>$2 = $3', [organizationId, 'kind', 'Odd']);
    expect(rows).toEqual([]);
  });

  it('that no cluster names are not taken, nor those that it names as another kind, nor those beyond what an organization may have', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const kind = { group: 'example.com', kind: 'Other', plural: 'others', scope: 'Namespaced', versions: [] };
    const facts = (kindSchemas: object) => ({ kubernetesVersion: 'v1.35.1', nodeCount: 1, meshes: [], servedKinds: [], kindSchemas });
    expect((await agent.post('/agent/v1/schemas', kind)).status).toBe(400);
    await agent.report(1, { facts: facts({ 'Thing.example.com': contentHash(kind) }) });
    expect((await agent.post('/agent/v1/schemas', kind)).status).toBe(400);
    await agent.report(2, { facts: facts({ 'Other.example.com': contentHash(kind) }) });
    await gateway.db.admin.query(`insert into kind_schema (organization_id, digest, body, size) values ($1, 'large', '{}', $2)`, [organizationId, 64 * 1024 * 1024]);
    expect((await agent.post('/agent/v1/schemas', kind)).status).toBe(413);
    await gateway.db.admin.query(`delete from kind_schema where organization_id = $1 and digest = 'large'`, [organizationId]);
    expect((await agent.post('/agent/v1/schemas', kind)).status).toBe(200);
    const many = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`Kind${index}.example.com`, contentHash(kind)]));
    expect((await agent.report(3, { facts: facts(many) })).status).toBe(400);
  });
});
