import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { canonicalJson } from '@meshfleet/model';
import { acceptState } from '@meshfleet/protocol';
import type { DesiredStateDelta, PinnedState } from '@meshfleet/protocol';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, desire } from './desired.fixture.ts';
import { startGateway, TestAgent } from './gateway.fixture.ts';
import type { Answer, TestGateway } from './gateway.fixture.ts';

let gateway: TestGateway;
let organizationId: string;
beforeAll(async () => {
  gateway = await startGateway();
  organizationId = await gateway.db.createOrganization();
});
afterAll(() => gateway.stop());

const fetchState = (agent: TestAgent, have: string): Promise<Answer<DesiredStateDelta>> => agent.get<DesiredStateDelta>(`/agent/v1/state?have=${have}`);
function take(agent: TestAgent, answer: Answer<DesiredStateDelta>, pinned: Partial<PinnedState> = {}) {
  const { organizationId: org, clusterId, signingKeys } = agent.identity;
  const held = { organizationId: org, clusterId, epoch: 0, revision: 0, ...pinned };
  return acceptState(held, answer.bytes, answer.headers.get('meshfleet-signature') ?? undefined, signingKeys);
}

describe('a desired state', () => {
  it('is delivered whole to an agent that has none, and the agent takes it over', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const { state } = await desire(gateway, organizationId, agent.identity.clusterId, [configMap('b'), configMap('a')]);
    const answer = await fetchState(agent, 'none');
    expect(answer.status).toBe(200);
    expect(take(agent, answer)).toMatchObject({ accepted: true, state, delta: { base: null, epoch: 1, revision: 1, mode: 'ENFORCE' } });
    expect(answer.json.upsert.map(({ object }) => object)).toEqual([configMap('a'), configMap('b')]);
  });

  it('is delivered as what changed, tombstones included', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const { clusterId } = agent.identity;
    const policyId = '0198f000-0000-7000-8000-0000000000aa';
    const first = await desire(gateway, organizationId, clusterId, [configMap('a'), configMap('b')], { policyId });
    const tombstones = [{ key: 'ConfigMap/shop/b', policyId }];
    const second = await desire(gateway, organizationId, clusterId, [configMap('a'), configMap('c', { x: '1' })], { policyId, tombstones });
    const answer = await fetchState(agent, first.digest);
    expect(answer.json).toMatchObject({ base: first.digest, digest: second.digest, remove: ['ConfigMap/shop/b'], tombstones });
    expect(answer.json.upsert.map(({ key }) => key)).toEqual(['ConfigMap/shop/c']);
    expect(take(agent, answer, { epoch: 1, revision: 1, digest: first.digest, state: first.state })).toMatchObject({ accepted: true, state: second.state });
  });

  it('that the agent has already is answered without a single manifest', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const { digest } = await desire(gateway, organizationId, agent.identity.clusterId, [configMap('a')]);
    expect((await fetchState(agent, digest)).json).toMatchObject({ base: digest, digest, upsert: [], remove: [] });
  });

  it('of which nobody knows the base any more comes whole', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    await desire(gateway, organizationId, agent.identity.clusterId, [configMap('a')]);
    expect((await fetchState(agent, '0'.repeat(64))).json).toMatchObject({ base: null, upsert: [{ key: 'ConfigMap/shop/a' }] });
  });

  it("never builds on, or reveals, another tenant's state of the same digest", async () => {
    const foreign = await gateway.db.createOrganization();
    const theirs = await TestAgent.enrol(gateway, foreign);
    const { digest } = await desire(gateway, foreign, theirs.identity.clusterId, [configMap('secret-name')]);
    await fetchState(theirs, 'none');
    const agent = await TestAgent.enrol(gateway, organizationId);
    await desire(gateway, organizationId, agent.identity.clusterId, [configMap('a')]);
    const answer = await fetchState(agent, digest);
    expect(answer.json.base).toBeNull();
    expect(answer.bytes.toString()).not.toContain('secret-name');
  });

  it('is the empty one before anything was asked of the cluster', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const answer = await fetchState(agent, 'none');
    expect(answer.json).toMatchObject({ revision: 0, upsert: [], tombstones: [] });
    expect(take(agent, answer)).toMatchObject({ accepted: true });
  });

  it('is canonical JSON, although it is put together from parts', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    await desire(gateway, organizationId, agent.identity.clusterId, [configMap('ü"\\', { z: '1', a: '\u2028' })]);
    const { bytes, json } = await fetchState(agent, 'none');
    expect(bytes.toString()).toBe(canonicalJson(json));
  });

  it('carries the mode and approved deletions of its moment', async () => {
    const org = await gateway.db.createOrganization();
    const agent = await TestAgent.enrol(gateway, org);
    const { digest } = await desire(gateway, org, agent.identity.clusterId, [configMap('a')]);
    await gateway.db.admin.query(`update organization set mode = 'OBSERVE', epoch = 5 where id = $1`, [org]);
    await gateway.db.admin.query('update cluster set approved_deletions = 7 where id = $1', [agent.identity.clusterId]);
    const answer = await fetchState(agent, digest);
    expect(answer.json).toMatchObject({ mode: 'OBSERVE', epoch: 5, approvedDeletions: 7 });
    expect(Math.abs(Date.parse(answer.json.issuedAt) - Date.now())).toBeLessThan(60_000);
  });

  it.each([
    ['gzip', (bytes: Buffer) => gunzipSync(bytes)],
    ['zstd', (bytes: Buffer) => zstdDecompressSync(bytes)],
    ['identity', (bytes: Buffer) => bytes],
  ])('is signed over the uncompressed bytes when it travels as %s', async (encoding, unpack) => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    await desire(gateway, organizationId, agent.identity.clusterId, [configMap('big', { text: 'x'.repeat(20_000) })]);
    const raw = await getRaw(agent, '/agent/v1/state?have=none', encoding);
    expect(raw.headers['content-encoding'] ?? 'identity').toBe(encoding);
    if (encoding !== 'identity') expect(raw.bytes.length).toBeLessThan(3_000);
    const headers = new Headers({ 'meshfleet-signature': String(raw.headers['meshfleet-signature']) });
    expect(take(agent, { status: 200, headers, bytes: unpack(raw.bytes), json: {} as DesiredStateDelta })).toMatchObject({ accepted: true });
  });

  it('whose body is lost says so, and takes nothing else down', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    await gateway.db.admin.query(`update cluster set desired_revision = 1, desired_digest = $2 where id = $1`, [agent.identity.clusterId, 'f'.repeat(64)]);
    expect(await fetchState(agent, 'none')).toMatchObject({ status: 500, json: { error: { code: 'STATE_CORRUPT' } } });
  });

  it('is asked for by a digest or none', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    expect((await fetchState(agent, '1;drop%20table')).status).toBe(400);
  });
});

/** fetch unpacks by itself; here the bytes on the wire count. */
function getRaw(agent: TestAgent, path: string, encoding: string): Promise<{ bytes: Buffer; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    request(`${agent.url}${path}`, { headers: { authorization: agent.authorization('GET', path), 'accept-encoding': encoding } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve({ bytes: Buffer.concat(chunks), headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}
