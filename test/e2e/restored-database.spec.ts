import { chmodSync, chownSync, cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@meshfleet/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { refuseProblems, until } from '../../apps/demo/src/seed.ts';
import { openMeshObjects, type MeshObjects } from '../../apps/demo/src/tour/mesh-objects.ts';
import { openFleet, type OpenFleet } from './open-fleet.ts';

type Postgres = Awaited<ReturnType<typeof startEmbeddedPostgres>>;
interface Organization {
  readonly mode: string;
  readonly epoch: number;
  readonly auditEvents: { readonly nodes: readonly { readonly action: string }[] };
}
interface AppliedPolicy {
  readonly currentVersion: { readonly version: number };
  readonly clusters: { readonly nodes: readonly { readonly version: number; readonly status: string }[] };
}

let folder: string;
let postgres: Postgres;
let open: OpenFleet;
let frankfurt: MeshObjects;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meshfleet-restore-'));
  chmodSync(folder, 0o755);
  postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), persistent: true });
  open = await openFleet({ databaseUrl: postgres.url });
  frankfurt = openMeshObjects(clusterNamed(open.fleet, 'frankfurt').kubeconfigFile);
}, 120_000);
afterAll(async () => {
  await open.close();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

it('a hub restored from a backup rolls nothing back, deletes nothing, and says so; a person resumes it', async () => {
  await apply('timeouts', ['checkout'], 1);
  await down(() => copy('postgres', 'backup'));
  await apply('timeouts', ['checkout', 'cart'], 2);
  await apply('retries', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], 1);
  const before = await specs();
  expect([...before.keys()].sort()).toEqual(['a', 'b', 'c', 'cart', 'checkout', 'd', 'e', 'f', 'g'].map((name) => `virtualservices/${name}`));
  const { epoch } = await organization();

  await down(() => {
    rmSync(join(folder, 'postgres'), { recursive: true });
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
}, 120_000);

/** Stops Postgres, does something with its files, and starts it where it was. */
async function down(work: () => void): Promise<void> {
  await postgres.stop();
  work();
  postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), persistent: true, port: postgres.port });
  await until('the hub is ready', 30_000, async () => (await fetch(`${open.fleet.url}/readyz`).catch(() => undefined))?.ok === true);
}

/** Copies a folder with the owners of its files: Postgres runs as a user of its own. */
function copy(from: string, to: string): void {
  cpSync(join(folder, from), join(folder, to), { recursive: true, preserveTimestamps: true });
  for (const name of ['', ...readdirSync(join(folder, from), { recursive: true, encoding: 'utf8' })]) {
    const { uid, gid, mode } = statSync(join(folder, from, name));
    chownSync(join(folder, to, name), uid, gid);
    chmodSync(join(folder, to, name), mode);
  }
}

async function send(policy: string, names: readonly string[], seconds: number): Promise<void> {
  const manifests = names
    .map((name) => `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: ${name}, namespace: shop }\nspec: { hosts: [${name}], http: [{ timeout: ${seconds}s, route: [{ destination: { host: ${name} } }] }] }\n`)
    .join('---\n');
  await until('the push is acknowledged', 30_000, async () => {
    const answer = await open.client
      .request<{ policyApply: { userErrors: { code: string; message: string }[] } }>('mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { code message } } }', {
        input: { name: policy, manifests, placement: { clusterSelector: 'env=prod' } },
      })
      .catch(() => undefined);
    if (answer !== undefined) refuseProblems(answer.policyApply);
    return answer !== undefined;
  });
}

async function apply(policy: string, names: readonly string[], seconds: number): Promise<void> {
  await send(policy, names, seconds);
  await until(`${policy} is applied`, 30_000, async () => {
    const { policy: found } = await open.client.request<{ policy: AppliedPolicy }>(
      'query ($name: String) { policy(name: $name) { currentVersion { version } clusters(first: 10) { nodes { version status } } } }',
      { name: policy },
    );
    const { version: current } = found.currentVersion;
    return found.clusters.nodes.length === 2 && found.clusters.nodes.every(({ version, status }) => version === current && status === 'APPLIED');
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
