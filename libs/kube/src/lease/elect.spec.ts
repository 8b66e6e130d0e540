import { startSimulatedCluster, type Cluster } from '@meshfleet/cluster-sim';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createKubeClient, type KubeClient } from '../client.ts';
import { RESOURCES } from '../resource.ts';
import { createTransport } from '../transport.ts';
import { startElection, type Election } from './elect.ts';
import { createHolderIdentity, leaseSpecOf } from './lease-holder.ts';

let cluster: Cluster;
let client: KubeClient;
let lease = 0;
const running: Election[] = [];
beforeAll(async () => {
  cluster = await startSimulatedCluster({ name: 'leases' });
  client = createKubeClient(createTransport({ server: cluster.url, caPem: cluster.caPem, credentials: () => Promise.resolve({ authorization: `Bearer ${cluster.adminToken}` }) }));
});
afterEach(async () => {
  lease += 1;
  for (const election of running.splice(0)) await election.stop();
});
afterAll(async () => {
  client.close();
  await cluster.stop();
});

interface Candidate {
  readonly election: Election;
  readonly told: string[];
  /** How often it has looked at the Lease. */
  looks(): number;
  clock: number;
}

/** On a host of its own unless told otherwise; its clock stands still until the test moves it. */
function candidate(host: string, { renewMs = 20, alive = true, through = client }: { renewMs?: number; alive?: boolean; through?: KubeClient } = {}): Candidate {
  const told: string[] = [];
  const self: { clock: number } = { clock: 0 };
  let looks = 0;
  const counted: KubeClient = {
    ...through,
    get: (resource, namespace, name) => {
      looks += 1;
      return through.get(resource, namespace, name);
    },
  };
  const election = startElection({
    client: counted,
    namespace: 'default',
    name: `lease-${lease}`,
    identity: createHolderIdentity({ inPod: false, host, pid: 1, alive: () => alive }),
    durationMs: 1_000,
    renewMs,
    now: () => self.clock,
    onChange: (holds, other) => told.push(holds ? 'holds' : `waits for ${other?.split('_')[0] ?? 'nobody'}`),
  });
  running.push(election);
  return Object.assign(self, { election, told, looks: () => looks });
}

const held = async () => leaseSpecOf(await client.get(RESOURCES.leases, 'default', `lease-${lease}`));
async function until(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 500 && !holds(); round += 1) await sleep(10);
  expect(holds()).toBe(true);
}

/** The holder's clock goes on, and it says once more that it lives. */
async function renewed(holder: Candidate): Promise<void> {
  const before = (await held()).renewTime;
  holder.clock += 100;
  for (let round = 0; round < 500 && (await held()).renewTime === before; round += 1) await sleep(10);
  expect((await held()).renewTime).not.toBe(before);
}

it('makes the Lease where there is none, and renews it', async () => {
  const a = candidate('a');
  await until(() => a.election.holds);
  expect(await held()).toMatchObject({ leaseDurationSeconds: 1, leaseTransitions: 0, acquireTime: '1970-01-01T00:00:00.000000Z' });
  await renewed(a);
  expect(await held()).toMatchObject({ leaseTransitions: 0, acquireTime: '1970-01-01T00:00:00.000000Z', renewTime: '1970-01-01T00:00:00.100000Z' });
});

it('lets one of five who come at once act', async () => {
  const all = ['a', 'b', 'c', 'd', 'e'].map((host) => candidate(host));
  await until(() => all.every(({ told }) => told.length > 0));
  await sleep(200);
  expect(all.filter(({ election }) => election.holds)).toHaveLength(1);
});

it('waits for a holder that lives, told by changes of the Lease and not by anybody’s clock', async () => {
  const a = candidate('a');
  await until(() => a.election.holds);
  const b = candidate('b');
  await until(() => b.told.length > 0);
  expect(b.told).toEqual(['waits for a']);
  // By its own clock it has waited four times as long as it needs to; but each change of the Lease begins the wait anew.
  for (let round = 0; round < 10; round += 1) {
    await renewed(a);
    const looked = b.looks();
    await until(() => b.looks() > looked + 1);
    b.clock += 400;
  }
  expect([a.election.holds, b.election.holds]).toEqual([true, false]);
});

it('takes over when the Lease has not changed for its duration', async () => {
  await client.create(RESOURCES.leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: `lease-${lease}`, namespace: 'default' }, spec: { holderIdentity: 'gone_1_00000000', leaseDurationSeconds: 1, leaseTransitions: 4 } });
  const b = candidate('b');
  await until(() => b.told.length > 0);
  expect(b.told).toEqual(['waits for gone']);
  b.clock = 999;
  await sleep(100);
  expect(b.election.holds).toBe(false);
  b.clock = 1_000;
  await until(() => b.election.holds);
  expect(await held()).toMatchObject({ leaseTransitions: 5 });
});

it('waits for nobody who is known to be dead', async () => {
  await client.create(RESOURCES.leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: `lease-${lease}`, namespace: 'default' }, spec: { holderIdentity: 'b_99_00000000', leaseDurationSeconds: 3600 } });
  const b = candidate('b', { alive: false });
  await until(() => b.election.holds);
});

it('gives the Lease back when it stops, so that the next one need not wait', async () => {
  const a = candidate('a');
  await until(() => a.election.holds);
  const b = candidate('b');
  await until(() => b.told.length > 0);
  await a.election.stop();
  await until(() => b.election.holds);
  expect(b.told).toEqual(['waits for a', 'holds']);
});

it('stops acting before another may take over, when its renewals do not come through', async () => {
  let cut = false;
  const through: KubeClient = { ...client, update: (resource, object) => (cut ? Promise.reject(new TypeError('cut')) : client.update(resource, object)) };
  const a = candidate('a', { through });
  await until(() => a.election.holds);
  cut = true;
  a.clock = 801;
  await until(() => !a.election.holds);
  expect(a.told).toEqual(['holds', 'waits for nobody']);
});
