import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { until } from '../../apps/demo/src/seed.ts';
import type { SupervisedProcess } from '../../apps/demo/src/supervisor.ts';
import { openMeshObjects } from '../../apps/demo/src/tour/mesh-objects.ts';
import { openFleet, type OpenFleet } from '../e2e/open-fleet.ts';
import { appliedEverywhere, pushUntilAcknowledged, timeoutManifests, versionsOf } from '../e2e/timeout-policy.ts';

const PUSHES_PER_VICTIM = 4;
const POLICY = 'checkout-timeout';

let open: OpenFleet;
let pushed = 0;
beforeAll(async () => {
  open = await openFleet();
}, 120_000);
afterAll(async () => {
  await open.close();
}, 60_000);

describe.each(['api', 'reconciler', 'agent-frankfurt', 'agent-virginia'])('kill -9 of %s in the middle of a push', (victim) => {
  it('loses and doubles nothing, and the fleet converges', async () => {
    for (let round = 0; round < PUSHES_PER_VICTIM; round += 1) {
      pushed += 1;
      const push = pushUntilAcknowledged(open.client, POLICY, timeoutManifests(['checkout'], pushed));
      await sleep((round * 40) % 160);
      processNamed(victim).kill('SIGKILL');
      await push;
      await until(`version ${pushed} is applied everywhere`, 30_000, () => appliedEverywhere(open.client, POLICY, pushed));
    }
    expect(await versionsOf(open.client, POLICY)).toEqual(Array.from({ length: pushed }, (_, index) => pushed - index));
    for (const name of ['frankfurt', 'virginia']) {
      const held = await openMeshObjects(clusterNamed(open.fleet, name).kubeconfigFile).snapshot();
      expect(held.get('virtualservices/checkout')?.spec).toMatchObject({ http: [{ timeout: `${pushed}s` }] });
    }
  }, 180_000);
});

function processNamed(name: string): SupervisedProcess {
  const found = open.fleet.supervisor.process(name);
  if (found === undefined) throw new Error(`no process ${name}`);
  return found;
}
