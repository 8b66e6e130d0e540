import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { until } from '../../apps/demo/src/seed.ts';
import { openMeshObjects } from '../../apps/demo/src/tour/mesh-objects.ts';
import { openFleetOnPostgres, type FleetOnPostgres, type OpenFleet } from '../e2e/open-fleet.ts';
import { appliedEverywhere, pushUntilAcknowledged, timeoutManifests, versionsOf } from '../e2e/timeout-policy.ts';

const ROUNDS = 3;
const POLICY = 'checkout-timeout';
let hub: FleetOnPostgres;
let open: OpenFleet;
beforeAll(async () => {
  hub = await openFleetOnPostgres();
  ({ open } = hub);
}, 120_000);
afterAll(() => hub.close(), 60_000);

it('kill -9 of Postgres in the middle of a push: the hub says so, comes back by itself, and loses and doubles nothing', { retry: 0, timeout: 120_000 }, async () => {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const killed = sleep(round * 15).then(() => hub.kill());
    // Whoever is refused is told why, and that trying again helps.
    await pushUntilAcknowledged(open.client, POLICY, timeoutManifests(['checkout'], round), ['STORE_UNAVAILABLE']);
    await killed;
    await until(`version ${round} is applied everywhere`, 30_000, () => appliedEverywhere(open.client, POLICY, round));
  }
  for (const name of ['frankfurt', 'virginia']) {
    const held = await openMeshObjects(clusterNamed(open.fleet, name).kubeconfigFile).snapshot();
    expect(held.get('virtualservices/checkout')?.spec).toMatchObject({ http: [{ timeout: `${ROUNDS}s` }] });
  }
  expect(await versionsOf(open.client, POLICY)).toEqual(Array.from({ length: ROUNDS }, (_, index) => ROUNDS - index));
});
