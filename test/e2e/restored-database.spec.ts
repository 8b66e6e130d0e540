import { chmodSync, chownSync, cpSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { refuseProblems, until } from '../../apps/demo/src/seed.ts';
import { openMeshObjects, type MeshObjects } from '../../apps/demo/src/tour/mesh-objects.ts';
import { openFleetOnPostgres, type FleetOnPostgres, type OpenFleet } from './open-fleet.ts';
import { appliedEverywhere, pushUntilAcknowledged, timeoutManifests, versionsOf } from './timeout-policy.ts';

interface Organization {
  readonly mode: string;
  readonly epoch: number;
  readonly auditEvents: { readonly nodes: readonly { readonly action: string }[] };
}

let hub: FleetOnPostgres;
let open: OpenFleet;
let frankfurt: MeshObjects;

beforeAll(async () => {
  hub = await openFleetOnPostgres();
  ({ open } = hub);
  frankfurt = openMeshObjects(clusterNamed(open.fleet, 'frankfurt').kubeconfigFile);
}, 120_000);
afterAll(() => hub.close(), 60_000);

it('a hub restored from a backup rolls nothing back, deletes nothing, and says so; a person resumes it', { retry: 0, timeout: 120_000 }, async () => {
  await apply('timeouts', ['checkout'], 1);
  await down(() => copy('postgres', 'backup'));
  await apply('timeouts', ['checkout', 'cart'], 2);
  await apply('retries', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], 1);
  const before = await specs();
  expect([...before.keys()].sort()).toEqual(['a', 'b', 'c', 'cart', 'checkout', 'd', 'e', 'f', 'g'].map((name) => `virtualservices/${name}`));
  const { epoch } = await organization();

  await down(() => {
    rmSync(join(hub.folder, 'postgres'), { recursive: true });
    copy('backup', 'postgres');
  });
  for (const name of ['api', 'reconciler']) open.fleet.supervisor.process(name)?.kill('SIGKILL');
  await until('the hub has seen that it was restored', 30_000, async () => (await organization().catch(() => undefined))?.mode === 'OBSERVE');
  const restored = await organization();
  expect(restored.epoch).toBeGreaterThan(epoch);
  expect(restored.auditEvents.nodes.map(({ action }) => action)).toContain('hub.restored.detected');

  // The hub still works, but the fleet only listens: what it is told is shown, and not done.
  await send('timeouts', ['checkout'], 9);
  await until('what differs is shown', 30_000, async () => (await reasons()).includes('NotApplied'));
  expect(await specs()).toEqual(before);

  refuseProblems((await open.client.request<{ organizationResume: { userErrors: { code: string; message: string }[] } }>('mutation { organizationResume(input: {}) { userErrors { code message } } }')).organizationResume);
  await until('what the hub knows is applied again', 30_000, async () => timeoutOf(await specs(), 'checkout') === '9s');
  const after = await specs();
  // What the backup did not know of has no tombstone: it stays, as it is.
  for (const [key, spec] of before) if (key !== 'virtualservices/checkout') expect(after.get(key)).toEqual(spec);
  await apply('retries', ['a', 'b'], 3);
  expect((await specs()).size).toBe(before.size);
});

/** While Postgres is down, and until the hub is ready again. */
async function down(work: () => void): Promise<void> {
  await hub.down(work);
  await until('the hub is ready', 30_000, async () => (await fetch(`${open.fleet.url}/readyz`).catch(() => undefined))?.ok === true);
}

/** Copies a folder with the owners of its files: Postgres runs as a user of its own. */
function copy(from: string, to: string): void {
  cpSync(join(hub.folder, from), join(hub.folder, to), { recursive: true, preserveTimestamps: true });
  for (const name of ['', ...readdirSync(join(hub.folder, from), { recursive: true, encoding: 'utf8' })]) {
    const { uid, gid, mode } = statSync(join(hub.folder, from, name));
    chownSync(join(hub.folder, to, name), uid, gid);
    chmodSync(join(hub.folder, to, name), mode);
  }
}

/** The hub may be about to find its connections dead: it says so, and the next try gets through. */
async function send(policy: string, names: readonly string[], seconds: number): Promise<void> {
  await pushUntilAcknowledged(open.client, policy, timeoutManifests(names, seconds), ['STORE_UNAVAILABLE']);
}

async function apply(policy: string, names: readonly string[], seconds: number): Promise<void> {
  await send(policy, names, seconds);
  await until(`${policy} is applied`, 30_000, async () => {
    const [newest = 0] = await versionsOf(open.client, policy);
    return appliedEverywhere(open.client, policy, newest);
  });
}

async function organization(): Promise<Organization> {
  return (await open.client.request<{ organization: Organization }>('{ organization { mode epoch auditEvents(first: 20) { nodes { action } } } }')).organization;
}

async function reasons(): Promise<string[]> {
  const { cluster } = await open.client.request<{ cluster: { conditions: { nodes: { reason: string }[] } } }>('{ cluster(name: "frankfurt") { conditions(first: 20) { nodes { reason } } } }');
  return cluster.conditions.nodes.map(({ reason }) => reason);
}

async function specs(): Promise<Map<string, unknown>> {
  const held = await frankfurt.snapshot();
  return new Map([...held].map(([key, { spec }]) => [key, spec]));
}

const timeoutOf = (held: Map<string, unknown>, name: string): unknown => (held.get(`virtualservices/${name}`) as { http?: { timeout?: string }[] } | undefined)?.http?.[0]?.timeout;
