import type { GraphqlClient } from '../graphql-client.ts';
import { applyPolicy, rolloutEnd } from '../policies.ts';
import { refuseProblems, type Problems } from '../seed.ts';

/** Frankfurt first; the rest when it is well. A cluster that fails has failed at once. */
const FRANKFURT_FIRST = { waves: [{ name: 'canary', clusterSelector: 'meshfleet.io/name=frankfurt' }], failureGraceSeconds: 0 };

interface StagedPolicy {
  readonly name: string;
  readonly manifests: string;
  readonly placement: { readonly clusterSelector: string };
}

/** Applies a version wave by wave, and waits for the end of its rollout: SUCCEEDED, ROLLED_BACK. */
export async function rollOut(client: GraphqlClient, { placement, ...policy }: StagedPolicy): Promise<string> {
  return rolloutEnd(client, await applyPolicy(client, { ...policy, ...placement, rollout: FRANKFURT_FIRST }));
}

/** Clusters that a version would change, with the keys that somebody else has already. */
export async function foreseeConflicts(client: GraphqlClient, policy: StagedPolicy): Promise<ReadonlyMap<string, readonly string[]>> {
  const { policyPreview } = await client.request<{
    policyPreview: Problems & { clusters: { nodes: { changed: boolean; cluster: { name: string }; conflicts: { key: string }[] }[] } };
  }>(
    'query ($apply: PolicyApplyInput) { policyPreview(apply: $apply) { userErrors { code message } clusters(first: 100) { nodes { changed cluster { name } conflicts { key } } } } }',
    { apply: policy },
  );
  refuseProblems(policyPreview);
  return new Map(policyPreview.clusters.nodes.filter(({ changed }) => changed).map(({ cluster, conflicts }) => [cluster.name, conflicts.map(({ key }) => key)]));
}
