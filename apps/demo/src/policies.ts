import type { GraphqlClient } from './graphql-client.ts';
import { refuseProblems, type Problems } from './seed.ts';

export interface PolicyToApply {
  readonly name: string;
  readonly manifests: string;
  readonly clusterSelector: string;
  readonly comment?: string;
  readonly idempotencyKey?: string;
}

/** How far a policy is in one cluster. */
export interface PolicyProgress {
  readonly version: number;
  readonly status: string;
}

export async function applyPolicy(client: GraphqlClient, { clusterSelector, ...rest }: PolicyToApply): Promise<void> {
  const { policyApply } = await client.request<{ policyApply: Problems }>('mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { code message } } }', {
    input: { ...rest, placement: { clusterSelector } },
  });
  refuseProblems(policyApply);
}

export async function deletePolicy(client: GraphqlClient, name: string): Promise<void> {
  const { policyDelete } = await client.request<{ policyDelete: Problems }>('mutation ($input: PolicyDeleteInput!) { policyDelete(input: $input) { userErrors { code message } } }', {
    input: { name },
  });
  refuseProblems(policyDelete);
}

/** By the name of the cluster; empty for a policy that is not there, or not any more. */
export async function policyProgress(client: GraphqlClient, name: string): Promise<Map<string, PolicyProgress>> {
  const { policy } = await client.request<{ policy: { clusters: { nodes: (PolicyProgress & { cluster: { name: string } })[] } } | null }>(
    'query ($name: String!) { policy(name: $name) { clusters(first: 100) { nodes { version status cluster { name } } } } }',
    { name },
  );
  return new Map(policy?.clusters.nodes.map(({ cluster, version, status }) => [cluster.name, { version, status }]));
}
