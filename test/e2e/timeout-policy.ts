import { MeshfleetError, type ErrorCode } from '@meshfleet/model';
import { randomUUID } from 'node:crypto';
import { applyPolicy, policyProgress } from '../../apps/demo/src/policies.ts';
import { until } from '../../apps/demo/src/seed.ts';
import type { GraphqlClient } from '../../apps/demo/src/graphql-client.ts';

/** One VirtualService a name with this timeout, to a service that every cluster of the fleet has: what is in a cluster tells which version of the policy it holds. */
export function timeoutManifests(services: readonly string[], seconds: number): string {
  return services
    .map((name) => `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: ${name}, namespace: shop }\nspec: { hosts: [${name}], http: [{ timeout: ${seconds}s, route: [{ destination: { host: frontend } }] }] }\n`)
    .join('---\n');
}

/**
 * Pushes to production again and again with one idempotency key until the hub acknowledges it, as users do whose hub dies
 * under them. No answer at all is excused, and answers with the given codes; any other one fails the test.
 */
export async function pushUntilAcknowledged(client: GraphqlClient, name: string, manifests: string, excused: readonly ErrorCode[] = []): Promise<void> {
  const policy = { name, manifests, clusterSelector: 'env=prod', idempotencyKey: randomUUID() };
  await until('the push is acknowledged', 30_000, async () => {
    try {
      await applyPolicy(client, policy);
      return true;
    } catch (error) {
      // fetch() rejects with a TypeError when the connection breaks.
      if (error instanceof TypeError || (error instanceof MeshfleetError && excused.includes(error.code))) return false;
      throw error;
    }
  });
}

/** Whether both production clusters hold this version. */
export async function appliedEverywhere(client: GraphqlClient, name: string, version: number): Promise<boolean> {
  const progress = await policyProgress(client, name).catch(() => new Map<string, never>());
  return progress.size === 2 && [...progress.values()].every((it) => it.version === version && it.status === 'APPLIED');
}

/** Numbers of all versions, newest first. */
export async function versionsOf(client: GraphqlClient, name: string): Promise<number[]> {
  const { policy } = await client.request<{ policy: { versions: { nodes: { version: number }[] } } }>(
    'query ($name: String!) { policy(name: $name) { versions(first: 100) { nodes { version } } } }',
    { name },
  );
  return policy.versions.nodes.map(({ version }) => version);
}
