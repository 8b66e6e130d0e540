import { randomBytes, randomUUID } from 'node:crypto';
import { formatSecretToken } from '@meshfleet/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJoinToken, enrol, newKeys, send, startGateway, TestAgent } from './gateway.fixture.ts';
import type { TestGateway } from './gateway.fixture.ts';

let gateway: TestGateway;
let organizationId: string;
beforeAll(async () => {
  gateway = await startGateway();
  organizationId = await gateway.db.createOrganization();
});
afterAll(() => gateway.stop());

const token = (options = {}) => createJoinToken(gateway, organizationId, options);
async function clusterRow(id: string): Promise<Record<string, unknown>> {
  return (await gateway.db.admin.query('select * from cluster where id = $1', [id])).rows[0] ?? {};
}

describe('enrolment', () => {
  it('makes a cluster with the labels of its token, and tells what to pin', async () => {
    const { status, json, keys } = await enrol(gateway.url, await token({ labels: { env: 'prod' } }), { name: 'east' });
    expect(status).toBe(200);
    expect(json).toMatchObject({ clusterName: 'east', organizationId, status: 'ACTIVE', audience: 'https://fleet.example', epoch: 1 });
    expect(json.signingKeys).toHaveLength(1);
    expect(await clusterRow(json.clusterId)).toMatchObject({ name: 'east', labels: { env: 'prod' }, lifecycle: 'ACTIVE', sign_kid: keys.sign.kid });
    const { rows } = await gateway.db.admin.query('select topic, payload from outbox where organization_id = $1', [organizationId]);
    expect(rows).toContainEqual({ topic: 'cluster.changed', payload: { clusterId: json.clusterId, reason: 'ENROLLED', actor: 'agent:east' } });
    const audit = await gateway.db.admin.query('select action, actor from audit_event where target = $1', [json.clusterId]);
    expect(audit.rows).toEqual([{ action: 'cluster.enrolled', actor: 'agent:east' }]);
  });

  it('stores neither join tokens nor private keys', async () => {
    const secret = await token();
    await enrol(gateway.url, secret);
    const { rows } = await gateway.db.admin.query('select to_jsonb(j)::text as j from join_token j union all select to_jsonb(c)::text from cluster c union all select to_jsonb(k)::text from organization_key k');
    const dump = JSON.stringify(rows);
    expect(dump).not.toContain(secret);
    expect(dump).not.toContain('"d"');
  });

  it('by one token raced by 50 agents admits exactly one', async () => {
    const secret = await token();
    const answers = await Promise.all(Array.from({ length: 50 }, () => enrol(gateway.url, secret)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const losers = answers.filter(({ status }) => status !== 200);
    expect(new Set(losers.map(({ status, json }) => `${status} ${(json as unknown as { error: { code: string } }).error.code}`))).toEqual(new Set(['409 TOKEN_USED']));
    const { rows } = await gateway.db.admin.query('select uses from join_token where uses > max_uses');
    expect(rows).toEqual([]);
  });

  it('of one cluster raced by 10 with a token of many uses makes one cluster', async () => {
    const secret = await token({ maxUses: 10 });
    const uid = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => enrol(gateway.url, secret, { uid, name: `same-${index}` })));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(new Set(answers.map(({ json }) => json.clusterId)).size).toBe(1);
  });

  it('again by a valid token stays the same cluster, with new keys and labels added; the old key is refused', async () => {
    const uid = randomUUID();
    const first = await TestAgent.enrol(gateway, organizationId, { uid, labels: { env: 'prod' } });
    await first.report(7);
    const second = await TestAgent.enrol(gateway, organizationId, { uid, labels: { tier: 'web' }, name: 'another-name' });
    expect(second.identity).toMatchObject({ clusterId: first.identity.clusterId, clusterName: first.identity.clusterName });
    expect(await clusterRow(first.identity.clusterId)).toMatchObject({ labels: { env: 'prod', tier: 'web' }, report_seq: 0 });
    expect((await first.report(8)).status).toBe(401);
    expect((await second.report(1)).json).toMatchObject({ seq: 1 });
  });

  it('sent again because the answer was lost is answered again and costs no use', async () => {
    const secret = await token();
    const uid = randomUUID();
    const keys = newKeys();
    const [first, again] = [await enrol(gateway.url, secret, { uid, keys }), await enrol(gateway.url, secret, { uid, keys })];
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.json.clusterId).toBe(first.json.clusterId);
    expect((await enrol(gateway.url, secret, { uid })).json).toMatchObject({ error: { code: 'TOKEN_USED' } });
  });

  it('waits for approval when the token asks for it, even of a cluster that was in before', async () => {
    const uid = randomUUID();
    const active = await TestAgent.enrol(gateway, organizationId, { uid });
    const waiting = await TestAgent.enrol(gateway, organizationId, { uid, requireApproval: true });
    expect(waiting.identity).toMatchObject({ clusterId: active.identity.clusterId, status: 'PENDING_APPROVAL' });
    expect(await waiting.report(1)).toMatchObject({ status: 403, json: { error: { code: 'APPROVAL_PENDING' } } });
    expect(await waiting.get('/agent/v1/state?have=none')).toMatchObject({ status: 403, json: { error: { code: 'APPROVAL_PENDING' } } });
  });

  it('after an eviction is possible with a new token; a quarantine is not left that way', async () => {
    const uid = randomUUID();
    const agent = await TestAgent.enrol(gateway, organizationId, { uid });
    await gateway.db.admin.query(`update cluster set lifecycle = 'EVICTED' where uid = $1`, [uid]);
    expect(await agent.report(1)).toMatchObject({ status: 403, json: { error: { code: 'CLUSTER_EVICTED' } } });
    const again = await TestAgent.enrol(gateway, organizationId, { uid });
    expect(again.identity).toMatchObject({ clusterId: agent.identity.clusterId, status: 'ACTIVE' });

    await gateway.db.admin.query(`update cluster set lifecycle = 'QUARANTINED' where uid = $1`, [uid]);
    const secret = await token();
    expect(await enrol(gateway.url, secret, { uid })).toMatchObject({ status: 403, json: { error: { code: 'CLUSTER_QUARANTINED' } } });
    expect((await enrol(gateway.url, secret)).status).toBe(200);
  });
});

describe('enrolment is refused', () => {
  it.each([
    ['an expired token', { expiresAt: new Date(0) }, 401, 'TOKEN_EXPIRED'],
    ['a revoked token', { revokedAt: new Date() }, 401, 'TOKEN_INVALID'],
  ])('with %s', async (_, options, status, code) => {
    expect(await enrol(gateway.url, await token(options))).toMatchObject({ status, json: { error: { code } } });
  });

  it("with another tenant's token, with an unknown one and with none alike", async () => {
    const foreign = await gateway.db.createOrganization();
    const theirs = await createJoinToken(gateway, foreign);
    const moved = formatSecretToken('mfj', organizationId, Buffer.from(theirs.slice(-43), 'base64url'));
    const unknown = formatSecretToken('mfj', organizationId, randomBytes(32));
    const nowhere = formatSecretToken('mfj', randomUUID(), randomBytes(32));
    const answers = await Promise.all([moved, unknown, nowhere, 'not a token at all'].map((secret) => enrol(gateway.url, secret)));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(new Set(answers.map(({ json }) => JSON.stringify((json as unknown as { error: object }).error))).size).toBe(1);
    expect((await enrol(gateway.url, theirs)).json).toMatchObject({ organizationId: foreign });
  });

  it('under a name that another cluster has, and the token stays usable', async () => {
    await enrol(gateway.url, await token(), { name: 'taken' });
    const secret = await token();
    expect(await enrol(gateway.url, secret, { name: 'taken' })).toMatchObject({ status: 409, json: { error: { code: 'ALREADY_EXISTS', fix: expect.stringContaining('MESHFLEET_CLUSTER_NAME') as string } } });
    expect((await enrol(gateway.url, secret, { name: 'free' })).status).toBe(200);
  });

  it.each([
    ['made for another hub', { audience: 'https://evil.example' }, 'SIGNATURE_INVALID'],
    ['of an hour ago', { now: Date.now() / 1000 - 3600 }, 'REQUEST_EXPIRED'],
    ['that is none', { proof: 'a.b.c' }, 'SIGNATURE_INVALID'],
  ])('with a proof %s', async (_, changes, code) => {
    const answer = await enrol(gateway.url, await token(), changes);
    expect(answer).toMatchObject({ status: 401, json: { error: { code } } });
    expect(Date.parse((answer.json as unknown as { hubTime: string }).hubTime)).not.toBeNaN();
  });

  it.each([
    ['no body', '', 400, 'INVALID_INPUT'],
    ['no JSON', '{', 400, 'INVALID_INPUT'],
    ['another protocol', '{"protocol":2}', 400, 'PROTOCOL_UNSUPPORTED'],
    ['a private key', JSON.stringify({ protocol: 1, joinToken: 'x'.repeat(20), signKey: { d: 'secret' } }), 400, 'INVALID_INPUT'],
    ['a megabyte', 'x'.repeat(1024 * 1024), 413, 'LIMIT_EXCEEDED'],
  ])('with %s', async (_, body, status, code) => {
    expect(await send(gateway.url, '/agent/v1/enroll', { method: 'POST', body })).toMatchObject({ status, json: { error: { code } } });
  });

  it('more and more slowly to an address that keeps failing, while others get in', async () => {
    const other = await gateway.another();
    const failures = await Promise.all(Array.from({ length: 260 }, () => enrol(other.url, formatSecretToken('mfj', randomUUID(), randomBytes(32)))));
    const limited = failures.filter(({ status }) => status === 429);
    const last = await enrol(other.url, 'guess'.repeat(8));
    expect(last).toMatchObject({ status: 429, json: { error: { code: 'LIMIT_EXCEEDED' } } });
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(failures.length - limited.length).toBeGreaterThanOrEqual(200);
    expect((await enrol(gateway.url, await token())).status).toBe(200);
    await other.stop();
  });
});
