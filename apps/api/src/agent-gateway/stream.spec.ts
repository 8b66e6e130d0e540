import { acceptState, formatCursor } from '@meshfleet/protocol';
import type { AgentEvent, PollResponse } from '@meshfleet/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { configMap, desire } from './desired.fixture.ts';
import { startGateway, TestAgent } from './gateway.fixture.ts';
import type { TestGateway, TestStream } from './gateway.fixture.ts';

let gateway: TestGateway;
let organizationId: string;
beforeAll(async () => {
  gateway = await startGateway();
  organizationId = await gateway.db.createOrganization();
});
afterAll(() => gateway.stop());

const desired = (stream: TestStream) => stream.events.filter((event): event is Extract<AgentEvent, { event: 'desired' }> => event.event === 'desired');
const controls = (stream: TestStream) => stream.events.flatMap((event) => (event.event === 'control' ? [event.data.type] : []));
const revisions = (stream: TestStream) => desired(stream).map(({ data }) => data.revision);

async function setLifecycle(clusterId: string, lifecycle: string, notice: string | undefined): Promise<void> {
  await gateway.db.store.transaction(organizationId, async (tx) => {
    await tx.query('update cluster set lifecycle = $2 where id = $1', [clusterId, lifecycle]);
    tx.send('update organization set audit_seq = audit_seq + 1 where id = $1', [organizationId]);
    if (notice !== undefined) tx.notify('meshfleet_control', JSON.stringify({ o: organizationId, c: clusterId, type: notice }));
  });
}

describe('an event stream', () => {
  it('says the state at once, then every change, and nothing twice', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const first = await desire(gateway, organizationId, agent.identity.clusterId, [configMap('a')]);
    const stream = await agent.listen();
    await stream.until((s) => desired(s).length === 1);
    expect(desired(stream)[0]).toEqual({
      event: 'desired',
      id: '1.1.e0',
      data: { epoch: 1, revision: 1, digest: first.digest, mode: 'ENFORCE', approvedDeletions: 0 },
    });
    await desire(gateway, organizationId, agent.identity.clusterId, [configMap('b')]);
    await stream.until((s) => desired(s).length === 2);
    await desire(gateway, organizationId, agent.identity.clusterId, [configMap('c')]);
    await stream.until((s) => desired(s).length === 3);
    expect(revisions(stream)).toEqual([1, 2, 3]);
    stream.close();
  });

  it('says nothing to an agent of which nothing was asked, but keeps the line open', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const stream = await agent.listen();
    await stream.until((s) => s.text.includes('retry:'));
    expect([stream.status, desired(stream)]).toEqual([200, []]);
    await desire(gateway, organizationId, agent.identity.clusterId, [configMap('a')]);
    await stream.until((s) => desired(s).length === 1);
    stream.close();
  });

  it('brings only what concerns its own cluster', async () => {
    const [agent, other] = [await TestAgent.enrol(gateway, organizationId), await TestAgent.enrol(gateway, organizationId)];
    const stream = await agent.listen();
    await desire(gateway, organizationId, other.identity.clusterId, [configMap('x')]);
    await desire(gateway, organizationId, agent.identity.clusterId, [configMap('y')]);
    await stream.until((s) => desired(s).length > 0);
    expect(revisions(stream)).toEqual([1]);
    stream.close();
  });

  it('hears in one process what was committed by another', async () => {
    const other = await gateway.another();
    const agent = await TestAgent.enrol(gateway, organizationId);
    const stream = await agent.listen('0.0', {}, other.url);
    await desire(gateway, organizationId, agent.identity.clusterId, [configMap('a')]);
    await stream.until((s) => desired(s).length === 1);
    await other.stop();
    await stream.until((s) => s.ended);
  });

  it('hears of approved deletions and of a new mode within one revision', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const { clusterId } = agent.identity;
    await desire(gateway, organizationId, clusterId, [configMap('a')]);
    const stream = await agent.listen();
    await stream.until((s) => desired(s).length === 1);
    await gateway.db.store.transaction(organizationId, async (tx) => {
      await tx.query('update cluster set approved_deletions = 12 where id = $1', [clusterId]);
      tx.notify('meshfleet_desired', JSON.stringify({ o: organizationId, c: [[clusterId, 1, 1]] }));
    });
    await stream.until((s) => desired(s).length === 2);
    expect(desired(stream)[1]).toMatchObject({ id: '1.1.e12', data: { approvedDeletions: 12 } });
    stream.close();
  });

  it('ends when nobody comes for what it has said, and its cluster counts as there no longer', async () => {
    let ahead = 0;
    const later = await gateway.another({ clock: () => Date.now() + ahead });
    const [silent, alive] = [await TestAgent.enrol(gateway, organizationId), await TestAgent.enrol(gateway, organizationId)];
    const streams = await Promise.all([silent, alive].map((agent) => agent.listen('0.0', {}, later.url)));
    const digests: string[] = [];
    for (const [index, { identity }] of [silent, alive].entries()) {
      digests.push((await desire(gateway, organizationId, identity.clusterId, [configMap('a')])).digest);
      await streams[index]?.until((s) => desired(s).length === 1);
    }
    const seen = async ({ identity }: TestAgent): Promise<boolean> => {
      const { rows } = await gateway.db.admin.query<{ seen: boolean }>(`select last_seen_at > now() - interval '5 minutes' as seen from cluster where id = $1`, [identity.clusterId]);
      return rows[0]?.seen ?? false;
    };
    // It comes to another process for it.
    expect((await alive.report(1, { revision: 1, digest: digests[1] })).status).toBe(200);
    await gateway.db.admin.query(`update cluster set last_seen_at = now() - interval '10 minutes' where organization_id = $1`, [organizationId]);
    ahead = 61_000;
    await streams[0]?.until((s) => s.ended);
    while (!(await seen(alive))) await new Promise((done) => setTimeout(done, 20));
    expect([streams[1]?.ended, await seen(silent)]).toEqual([false, false]);
    streams[1]?.close();
    await later.stop();
  });

  it('is there again at once when a heartbeat that was slow has ended, and not half a minute later', async () => {
    let [ahead, looks, slow] = [0, 0, false];
    const held: ((error: Error) => void)[] = [];
    const store = await gateway.db.openAnother();
    const later = await gateway.another({
      clock: () => {
        looks += 1;
        return Date.now() + ahead;
      },
      store: { ...store, transaction: (...given) => (slow ? new Promise((_, reject) => void held.push(reject)) : store.transaction(...given)) },
    });
    const agent = await TestAgent.enrol(gateway, organizationId);
    const stream = await agent.listen('0.0', {}, later.url);
    await stream.until((s) => s.text.includes('retry:'));
    slow = true;
    ahead = 31_000;
    // The heartbeat, and the look for clusters that are cut off.
    await vi.waitFor(() => expect(held).toHaveLength(2), { timeout: 10_000 });
    ahead = 62_000;
    const before = looks;
    await vi.waitFor(() => expect(looks).toBeGreaterThan(before + 2), { timeout: 10_000 });
    await gateway.db.admin.query(`update cluster set last_seen_at = now() - interval '10 minutes' where id = $1`, [agent.identity.clusterId]);
    slow = false;
    for (const fail of held) fail(new Error('the database was busy'));
    await vi.waitFor(
      async () => {
        const { rows } = await gateway.db.admin.query<{ seen: boolean }>(`select last_seen_at > now() - interval '5 minutes' as seen from cluster where id = $1`, [agent.identity.clusterId]);
        expect(rows).toEqual([{ seen: true }]);
      },
      { timeout: 10_000 },
    );
    stream.close();
    await later.stop();
  });

  it.each(['quarantined', 'evicted'] as const)('ends when its cluster is %s, with the reason', async (type) => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const stream = await agent.listen();
    await stream.until((s) => s.text.includes('retry:'));
    await setLifecycle(agent.identity.clusterId, type.toUpperCase(), type);
    await stream.until((s) => s.ended);
    expect(controls(stream)).toContain(type);
    expect((await agent.listen()).status).toBe(403);
  });

  it('ends after an eviction whose notice was lost, long before the heartbeat', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const stream = await agent.listen();
    await stream.until((s) => s.text.includes('retry:'));
    await setLifecycle(agent.identity.clusterId, 'EVICTED', undefined);
    await stream.until((s) => s.ended);
    expect(controls(stream)).toContain('evicted');
  });

  it('of the former key ends when the agent enrols again', async () => {
    const uid = 'rekeyed-uid';
    const agent = await TestAgent.enrol(gateway, organizationId, { uid });
    const stream = await agent.listen();
    await stream.until((s) => s.text.includes('retry:'));
    await TestAgent.enrol(gateway, organizationId, { uid });
    await stream.until((s) => s.ended);
  });

  it('is open while approval is pending, and says when it comes', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId, { requireApproval: true });
    await desire(gateway, organizationId, agent.identity.clusterId, [configMap('a')]);
    const stream = await agent.listen();
    await stream.until((s) => s.text.includes('retry:'));
    expect(stream.events).toEqual([]);
    await setLifecycle(agent.identity.clusterId, 'ACTIVE', 'approved');
    await stream.until((s) => controls(s).length > 0);
    expect(controls(stream)).toEqual(['approved']);
    stream.close();
  });

  it('replaces the oldest of too many of one cluster', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const streams = [await agent.listen(), await agent.listen(), await agent.listen()];
    await streams[0]?.until((s) => s.ended);
    expect(streams.slice(1).map(({ ended }) => ended)).toEqual([false, false]);
    streams.forEach((stream) => stream.close());
  });

  it.each(['x', '1', '-1.0'])('refuses the cursor "%s"', async (cursor) => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    expect((await agent.listen(cursor)).status).toBe(400);
  });

  it('is told when to come back when the process shuts down, and a new one is sent elsewhere', async () => {
    const other = await gateway.another();
    const agent = await TestAgent.enrol(gateway, organizationId);
    const stream = await agent.listen('0.0', {}, other.url);
    await stream.until((s) => s.text.includes('retry:'));
    await other.gateway.drain();
    await stream.until((s) => s.ended);
    const waits = [...stream.text.matchAll(/retry: (\d+)/g)].map(([, wait]) => Number(wait));
    expect(waits).toHaveLength(2);
    expect(waits[1]).toBeGreaterThanOrEqual(500);
    const refused = await agent.listen('0.0', {}, other.url);
    expect(refused.status).toBe(503);
    await other.stop();
  });
});

describe('a long poll', () => {
  it('answers at once with what is new, and with the cursor to come back with', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    await desire(gateway, organizationId, agent.identity.clusterId, [configMap('a')]);
    const { json } = await agent.get<PollResponse>('/agent/v1/poll?cursor=0.0&wait=30');
    expect(json).toMatchObject({ cursor: '1.1.e0', events: [{ event: 'desired', data: { revision: 1 } }] });
    expect((await agent.get<PollResponse>(`/agent/v1/poll?cursor=${json.cursor}&wait=0`)).json).toEqual({ events: [], cursor: '1.1.e0' });
  });

  it('waits for news, and answers with none after the wait', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const waiting = agent.get<PollResponse>('/agent/v1/poll?cursor=0.0&wait=30');
    await desire(gateway, organizationId, agent.identity.clusterId, [configMap('a')]);
    expect((await waiting).json.events).toMatchObject([{ event: 'desired', data: { revision: 1 } }]);
    expect((await agent.get<PollResponse>('/agent/v1/poll?cursor=1.1&wait=1')).json).toEqual({ events: [], cursor: '1.1' });
  });

  it('that waits is answered when the cluster is evicted', async () => {
    const agent = await TestAgent.enrol(gateway, organizationId);
    const waiting = agent.get<PollResponse>('/agent/v1/poll?cursor=0.0&wait=50');
    await setLifecycle(agent.identity.clusterId, 'EVICTED', undefined);
    const { status, json } = await waiting;
    if (status === 200) expect(json.events).toEqual([{ event: 'control', data: { type: 'evicted' } }]);
    else expect(status).toBe(403);
  });
});

describe('a hub restored from a backup', () => {
  /** Revision 3 was delivered, and the database went back to revision 1. */
  async function restored() {
    const org = await gateway.db.createOrganization();
    const agent = await TestAgent.enrol(gateway, org);
    const { clusterId } = agent.identity;
    const old = await desire(gateway, org, clusterId, [configMap('a')]);
    await desire(gateway, org, clusterId, [configMap('b')]);
    await desire(gateway, org, clusterId, [configMap('c')]);
    const answer = await agent.get('/agent/v1/state?have=none');
    const evidence = answer.headers.get('meshfleet-signature') ?? '';
    await gateway.db.admin.query('update cluster set desired_revision = 1, desired_digest = $2 where id = $1', [clusterId, old.digest]);
    return { org, agent, clusterId, evidence, held: answer };
  }
  const organization = async (id: string) => (await gateway.db.admin.query('select epoch, mode from organization where id = $1', [id])).rows[0];

  it('raises the epoch and observes, once, however many agents tell; no agent goes back by itself', async () => {
    const { org, agent, clusterId, evidence, held } = await restored();
    const headers = { 'meshfleet-evidence': evidence };
    const streams = await Promise.all(['1.3', '1.3.e0', '1.3'].map((cursor) => agent.listen(cursor, headers)));
    const open = streams.at(-1);
    await open?.until((s) => desired(s).some(({ data }) => data.epoch === 2));
    expect(await organization(org)).toEqual({ epoch: 2, mode: 'OBSERVE' });
    const { rows } = await gateway.db.admin.query('select action from audit_event where organization_id = $1 and action like $2', [org, 'hub.%']);
    expect(rows).toEqual([{ action: 'hub.restored.detected' }]);
    streams.forEach((stream) => stream.close());

    const pinned = { organizationId: org, clusterId, epoch: 1, revision: 3, digest: (held.json as { digest: string }).digest };
    const next = await agent.get('/agent/v1/state?have=none');
    const verdict = acceptState(pinned, next.bytes, next.headers.get('meshfleet-signature') ?? undefined, agent.identity.signingKeys);
    expect(verdict).toMatchObject({ accepted: true, delta: { epoch: 2, revision: 1, mode: 'OBSERVE', tombstones: [] } });
  });

  it('is not believed without evidence, with a forged one, or with that of another cluster', async () => {
    const { org, agent, evidence } = await restored();
    const other = await restored();
    const forged = `${evidence.slice(0, -10)}AAAAAAAAAA`;
    for (const headers of [{}, { 'meshfleet-evidence': forged }, { 'meshfleet-evidence': other.evidence }, { 'meshfleet-evidence': 'x' }]) {
      const { status } = await agent.get('/agent/v1/poll?cursor=1.3&wait=0', headers as Record<string, string>);
      expect(status).toBe(200);
    }
    await agent.get(`/agent/v1/poll?cursor=${formatCursor({ epoch: 900, revision: 1 })}&wait=0`);
    expect(await organization(org)).toEqual({ epoch: 1, mode: 'ENFORCE' });
    await agent.get('/agent/v1/poll?cursor=1.3&wait=0', { 'meshfleet-evidence': evidence });
    expect(await organization(org)).toEqual({ epoch: 2, mode: 'OBSERVE' });
  });
});
