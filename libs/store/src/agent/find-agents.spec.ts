import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTestStore } from '../testing/with-test-store.ts';
import type { TestStore } from '../testing/with-test-store.ts';
import { findAgents, touchAgents } from './find-agents.ts';

let db: TestStore;
let organizationId: string;
beforeAll(async () => {
  db = await withTestStore();
  organizationId = await db.createOrganization();
});
afterAll(() => db.close());

async function newCluster(org: string, { lifecycle = 'ACTIVE', seen = null as string | null } = {}): Promise<string> {
  const id = randomUUID();
  await db.admin.query(
    `insert into cluster (id, organization_id, uid, name, lifecycle, sign_kid, sign_public_jwk, seal_public_jwk, last_seen_at)
     values ($1, $2, $3, $4, $5, 'kid', '{}', '{}', now() - $6::interval)`,
    [id, org, randomUUID(), `c-${id}`, lifecycle, seen],
  );
  return id;
}
async function lastSeen(id: string): Promise<number> {
  const { rows } = await db.admin.query<{ age: number | null }>('select extract(epoch from now() - last_seen_at)::float as age from cluster where id = $1', [id]);
  return rows[0]?.age ?? Infinity;
}

describe('the heartbeat of an organization', () => {
  it('notes everybody in one transaction, tells who came back, and leaves the evicted alone', async () => {
    const [away, here, evicted] = [await newCluster(organizationId, { seen: '5 minutes' }), await newCluster(organizationId, { seen: '20 seconds' }), await newCluster(organizationId, { lifecycle: 'EVICTED' })];
    const notices: string[] = [];
    let wake = (): void => undefined;
    const stop = await db.store.listen('meshfleet_changed', (payload) => {
      notices.push(payload);
      wake();
    });
    const rows = await db.store.transaction(organizationId, (tx) => touchAgents(tx, [away, here, evicted]));
    expect(rows.map(({ id }) => id).sort()).toEqual([away, here, evicted].sort());
    expect(await lastSeen(away)).toBeLessThan(20);
    expect(await lastSeen(evicted)).toBe(Infinity);
    while (notices.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    expect(notices).toEqual([JSON.stringify({ o: organizationId, clusters: [away], policies: [] })]);
    await stop();
  });

  it('passes over a row that somebody else is writing, instead of waiting', async () => {
    const [busy, free] = [await newCluster(organizationId, { seen: '5 minutes' }), await newCluster(organizationId, { seen: '5 minutes' })];
    await db.store.transaction(organizationId, async (tx) => {
      await tx.query('select from cluster where id = $1 for no key update', [busy]);
      const rows = await db.store.transaction(organizationId, (other) => touchAgents(other, [busy, free]));
      expect(rows).toHaveLength(2);
    });
    expect([(await lastSeen(busy)) > 200, (await lastSeen(free)) < 20]).toEqual([true, true]);
  });

  it('sees and touches no cluster of another tenant', async () => {
    const foreign = await newCluster(await db.createOrganization(), { seen: '5 minutes' });
    expect(await db.store.transaction(organizationId, (tx) => touchAgents(tx, [foreign]))).toEqual([]);
    expect(await db.store.transaction(organizationId, (tx) => findAgents(tx, [foreign]))).toEqual([]);
    expect(await lastSeen(foreign)).toBeGreaterThan(200);
  });
});
