import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendAudit, enqueue, verifyAuditChain, withTestStore } from './index.ts';
import type { AuditEvent, TestStore } from './index.ts';

let t: TestStore;
beforeAll(async () => {
  t = await withTestStore();
});
afterAll(() => t.close());

describe('a transaction', () => {
  it('sees its own organization and no other', async () => {
    const [mine, other] = [await t.createOrganization(), await t.createOrganization()];
    const seen = await t.store.transaction(mine, async (tx) => (await tx.query<{ id: string }>('select id from organization')).rows);
    expect(seen.map((row) => row.id)).toEqual([mine]);
    expect(other).not.toBe(mine);
  });

  it('stores audit and outbox rows with the change that they tell of', async () => {
    const org = await t.createOrganization();
    for (let n = 0; n < 3; n += 1) {
      await t.store.transaction(org, async (tx) => {
        await enqueue(tx, 'organization.resumed', {});
        await appendAudit(tx, { actor: 'user:me', action: 'test', at: new Date(), details: { n } });
      });
    }
    const { rows } = await t.admin.query<AuditEvent>('select organization_id as "organizationId", seq, at, actor, action, target, details, hash from audit_event where organization_id = $1', [org]);
    expect(verifyAuditChain(rows)).toMatchObject({ intact: true, events: 3 });
    const claim = await t.store.relay.claimOutbox(10);
    expect(claim.rows).toHaveLength(3);
    await claim.done();
  });
});
