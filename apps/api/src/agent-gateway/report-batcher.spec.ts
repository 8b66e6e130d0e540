import { MeshfleetError } from '@meshfleet/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, TestAgent } from './gateway.fixture.ts';
import type { TestGateway } from './gateway.fixture.ts';
import { ReportBatcher } from './report-batcher.ts';

let gateway: TestGateway;
let organizationId: string;
let batcher: ReportBatcher;
let transactions = 0;
let away = false;
beforeAll(async () => {
  gateway = await startGateway();
  organizationId = await gateway.db.createOrganization();
  const { store } = gateway.db;
  const counting: typeof store = {
    ...store,
    transaction: (...given) => {
      transactions += 1;
      if (away) return Promise.reject(new MeshfleetError({ code: 'STORE_UNAVAILABLE', summary: 'away' }));
      return store.transaction(...given);
    },
  };
  batcher = new ReportBatcher({ store: counting }, { committed: () => undefined });
});
afterAll(() => gateway.stop());

const report = (seq: number, more = {}) => ({ seq, epoch: 1, revision: 0, conditions: { full: false, items: [] }, ...more });
const enrolled = (count: number) => Promise.all(Array.from({ length: count }, async () => (await TestAgent.enrol(gateway, organizationId)).identity.clusterId));

describe('reports that come together', () => {
  it('are one transaction; a second one of the same cluster waits for the next', async () => {
    const ids = await enrolled(20);
    transactions = 0;
    const answers = await Promise.all(ids.map((id) => batcher.submit(organizationId, id, report(1), 100)));
    expect([answers.map((answer) => answer?.seq), transactions]).toEqual([ids.map(() => 1), 1]);
    const [id = ''] = ids;
    const twice = await Promise.all([batcher.submit(organizationId, id, report(2), 1), batcher.submit(organizationId, id, report(3), 1)]);
    expect([twice.map((answer) => answer?.seq), transactions]).toEqual([[2, 3], 3]);
  });

  it('do not fall with one that cannot be written', async () => {
    const [good = '', bad = ''] = await enrolled(2);
    const facts = { kubernetesVersion: 'v1', nodeCount: 2 ** 40, meshes: [], servedKinds: [] };
    const answers = await Promise.allSettled([batcher.submit(organizationId, good, report(1), 1), batcher.submit(organizationId, bad, report(1, { facts }), 1)]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('are all refused while the database is away, without trying each, and are taken afterwards', async () => {
    const ids = await enrolled(5);
    away = true;
    transactions = 0;
    const answers = await Promise.allSettled(ids.map((id) => batcher.submit(organizationId, id, report(1), 1)));
    away = false;
    expect([answers.map(({ status }) => status), transactions]).toEqual([ids.map(() => 'rejected'), 1]);
    expect(await batcher.submit(organizationId, ids[0] ?? '', report(1), 1)).toEqual({ seq: 1, resyncInventory: false });
  });

  it('are never forgotten, at whatever moment of a write they come', async () => {
    const ids = await enrolled(6);
    for (let round = 1; round <= 20; round += 1) {
      const answers = ids.map(async (id, index) => {
        // Each a few turns of the event loop later than the one before.
        for (let turn = 0; turn < index * round; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        return await batcher.submit(organizationId, id, report(round), 1);
      });
      await batcher.flush();
      expect((await Promise.all(answers)).map((answer) => answer?.seq)).toEqual(ids.map(() => round));
    }
  });

  it('of clusters that were evicted meanwhile get no answer', async () => {
    const [id = ''] = await enrolled(1);
    await gateway.db.admin.query(`update cluster set lifecycle = 'EVICTED' where id = $1`, [id]);
    expect(await batcher.submit(organizationId, id, report(1), 1)).toBeUndefined();
  });

  it('beyond what memory allows are refused, to come back later', async () => {
    const [id = ''] = await enrolled(1);
    expect(() => batcher.checkRoom(257 * 1024 * 1024)).toThrow(/more reports than it can write/);
    expect(await batcher.submit(organizationId, id, report(1), 1)).toMatchObject({ seq: 1 });
  });
});
