import type { GraphqlClient } from './graphql-client.ts';
import { refuseProblems, until, type Problems } from './seed.ts';

/** Either manifests or a preset that writes them; at once, or wave by wave where a strategy is given. */
export type PolicyToApply = {
  readonly name: string;
  readonly clusterSelector: string;
  readonly comment?: string;
  readonly idempotencyKey?: string;
  /** Made in spite of the errors that the analysis finds. */
  readonly force?: boolean;
  readonly rollout?: object;
} & ({ readonly manifests: string } | { readonly preset: { readonly name: string; readonly parameters: unknown } });

/** How far a policy is in one cluster. */
export interface PolicyProgress {
  readonly version: number;
  readonly status: string;
}

/** Returns the rollout's id, where there is one. */
export async function applyPolicy(client: GraphqlClient, { clusterSelector, ...rest }: PolicyToApply): Promise<string | undefined> {
  const { policyApply } = await client.request<{ policyApply: Problems & { rollout: { id: string } | null } }>(
    'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { rollout { id } userErrors { code message } } }',
    { input: { ...rest, placement: { clusterSelector } } },
  );
  refuseProblems(policyApply);
  return policyApply.rollout?.id;
}

/** Waits for the end of a rollout, and returns how it ended: SUCCEEDED, ROLLED_BACK. */
export async function rolloutEnd(client: GraphqlClient, id: string | undefined): Promise<string> {
  let status = '';
  await until('the rollout has ended', 60_000, async () => {
    const { node } = await client.request<{ node: { status: string; active: boolean } | null }>('query ($id: ID!) { node(id: $id) { ... on Rollout { status active } } }', { id });
    status = node?.status ?? '';
    return node?.active === false;
  });
  return status;
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
