import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterNamed } from '../../apps/demo/src/fleet.ts';
import { until } from '../../apps/demo/src/seed.ts';
import type { SupervisedProcess } from '../../apps/demo/src/supervisor.ts';
import { openMeshObjects } from '../../apps/demo/src/tour/mesh-objects.ts';
import { openFleet, type OpenFleet } from '../e2e/open-fleet.ts';

const PUSHES_PER_VICTIM = 4;

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
      const push = pushTimeout(pushed);
      await sleep((round * 40) % 160);
      processNamed(victim).kill('SIGKILL');
      await push;
      await until(`version ${pushed} is applied everywhere`, 30_000, () => appliedEverywhere(pushed));
    }
    expect(await versions()).toEqual(Array.from({ length: pushed }, (_, index) => pushed - index));
    for (const name of ['frankfurt', 'virginia']) {
      const held = await openMeshObjects(clusterNamed(open.fleet, name).kubeconfigFile).snapshot();
      expect(held.get('virtualservices/checkout')?.spec).toMatchObject({ http: [{ timeout: `${pushed}s` }] });
    }
  }, 180_000);
});

/** Applies version `seconds` of the policy, again and again with one idempotency key until the hub acknowledges it. */
async function pushTimeout(seconds: number): Promise<void> {
  const input = {
    name: 'checkout-timeout',
    placement: { clusterSelector: 'env=prod' },
    idempotencyKey: randomUUID(),
    manifests: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: checkout, namespace: shop }
spec:
  hosts: [checkout]
  http: [{ timeout: ${seconds}s, route: [{ destination: { host: checkout } }] }]
`,
  };
  await until('the push is acknowledged', 30_000, async () => {
    try {
      const { policyApply } = await open.client.request<{ policyApply: { userErrors: unknown[] } }>(
        'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { code message } } }',
        { input },
      );
      expect(policyApply.userErrors).toEqual([]);
      return true;
    } catch (error) {
      // The API was killed under the request; anything that it answered itself is a real failure.
      if (error instanceof TypeError) return false;
      throw error;
    }
  });
}

async function appliedEverywhere(version: number): Promise<boolean> {
  const answer = await open.client
    .request<{ policy: { clusters: { nodes: { version: number; status: string }[] } } }>(
      '{ policy(name: "checkout-timeout") { clusters(first: 10) { nodes { version status } } } }',
    )
    .catch(() => undefined);
  const nodes = answer?.policy.clusters.nodes ?? [];
  return nodes.length === 2 && nodes.every((node) => node.version === version && node.status === 'APPLIED');
}

async function versions(): Promise<number[]> {
  const { policy } = await open.client.request<{ policy: { versions: { nodes: { version: number }[] } } }>(
    '{ policy(name: "checkout-timeout") { versions(first: 100) { nodes { version } } } }',
  );
  return policy.versions.nodes.map(({ version }) => version);
}

function processNamed(name: string): SupervisedProcess {
  const found = open.fleet.supervisor.process(name);
  if (found === undefined) throw new Error(`no process ${name}`);
  return found;
}
