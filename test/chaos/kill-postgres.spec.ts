import { startEmbeddedPostgres } from '@meshfleet/store';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { until } from '../../apps/demo/src/seed.ts';
import { openMeshObjects } from '../../apps/demo/src/tour/mesh-objects.ts';
import { openFleet, type OpenFleet } from '../e2e/open-fleet.ts';

interface Answer {
  readonly data?: { readonly policyApply?: { readonly userErrors: readonly unknown[] } | null } | null;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}

const ROUNDS = 3;
let folder: string;
let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
let open: OpenFleet;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meshfleet-chaos-'));
  chmodSync(folder, 0o755);
  postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), persistent: true });
  open = await openFleet({ databaseUrl: postgres.url });
}, 120_000);
afterAll(async () => {
  await open.close();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

it('kill -9 of Postgres in the middle of a push: the hub says so, comes back by itself, and loses and doubles nothing', async () => {
  const refusals = new Set<string>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    const killed = sleep(round * 15).then(() => process.kill(postgres.pid, 'SIGKILL'));
    const idempotencyKey = randomUUID();
    await until('the push is acknowledged', 30_000, async () => {
      const { status, body } = await push(round, idempotencyKey);
      for (const { extensions } of body.errors ?? []) refusals.add(`${status} ${extensions.code}`);
      return body.data?.policyApply?.userErrors.length === 0;
    });
    await killed;
    await until(`version ${round} is applied everywhere`, 30_000, () => appliedEverywhere(round));
  }
  // Whoever was refused was told why, and that trying again helps.
  expect([...refusals].filter((refusal) => refusal !== '503 STORE_UNAVAILABLE')).toEqual([]);
  for (const name of ['frankfurt', 'virginia']) {
    const held = await openMeshObjects(clusterNamed(open.fleet, name).kubeconfigFile).snapshot();
    expect(held.get('virtualservices/checkout')?.spec).toMatchObject({ http: [{ timeout: `${ROUNDS}s` }] });
  }
  const { policy } = await open.client.request<{ policy: { versions: { nodes: unknown[] } } }>('{ policy(name: "checkout-timeout") { versions(first: 100) { nodes { version } } } }');
  expect(policy.versions.nodes).toHaveLength(ROUNDS);
}, 120_000);

async function push(seconds: number, idempotencyKey: string): Promise<{ status: number; body: Answer }> {
  const manifests = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: checkout, namespace: shop }\nspec: { hosts: [checkout], http: [{ timeout: ${seconds}s, route: [{ destination: { host: checkout } }] }] }\n`;
  const response = await fetch(`${open.fleet.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${open.token}` },
    body: JSON.stringify({
      query: 'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { code message } } }',
      variables: { input: { name: 'checkout-timeout', placement: { clusterSelector: 'env=prod' }, idempotencyKey, manifests } },
    }),
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

async function appliedEverywhere(version: number): Promise<boolean> {
  const answer = await open.client
    .request<{ policy: { clusters: { nodes: { version: number; status: string }[] } } }>('{ policy(name: "checkout-timeout") { clusters(first: 10) { nodes { version status } } } }')
    .catch(() => undefined);
  const nodes = answer?.policy.clusters.nodes ?? [];
  return nodes.length === 2 && nodes.every((node) => node.version === version && node.status === 'APPLIED');
}
