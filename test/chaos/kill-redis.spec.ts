import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgress } from '../../apps/demo/src/progress.ts';
import { until } from '../../apps/demo/src/seed.ts';
import { takeTour } from '../../apps/demo/src/tour/take-tour.ts';
import { startRedis } from '../../libs/jobs/src/testing/redis-server.ts';
import { openFleet, type OpenFleet } from '../e2e/open-fleet.ts';
import { appliedEverywhere, pushUntilAcknowledged, timeoutManifests } from '../e2e/timeout-policy.ts';

const redis = await startRedis();
const left = 'why' in redis ? ` (not run: ${redis.why})` : '';

describe.skipIf('why' in redis)(`with its queues in Redis${left}`, () => {
  let open: OpenFleet;
  beforeAll(async () => {
    if ('url' in redis) open = await openFleet({ redisUrl: redis.url });
  }, 120_000);
  afterAll(async () => {
    await open.close();
    if ('url' in redis) await redis.stop();
  }, 60_000);

  it('the product keeps every step of the tour', async () => {
    const lines: string[] = [];
    await takeTour(open.fleet, open.client, createProgress((text) => lines.push(text)));
    expect(lines).toHaveLength(8);
    expect(lines.every((line) => line.includes('✓'))).toBe(true);
  }, 120_000);

  it('no change is lost when Redis dies with all it held: what Postgres says is due is done', { retry: 0, timeout: 240_000 }, async () => {
    if ('why' in redis) return;
    const names = ['orders', 'payments', 'stock'];
    for (let version = 1; version <= 4; version += 1) {
      for (const name of names) await pushUntilAcknowledged(open.client, name, timeoutManifests([name], version));
      await redis.replace();
    }
    for (const name of names) await until(`${name} is applied in both production clusters`, 150_000, () => appliedEverywhere(open.client, name, 4));
  });
});
