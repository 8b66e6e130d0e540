import type { RealCluster } from '@meshfleet/cluster-real';
import { kubectl } from '@meshfleet/cluster-real';
import { refuseProblems, until, type Problems } from '../../../apps/demo/src/seed.ts';
import { deletePolicy, policyProgress } from '../../../apps/demo/src/policies.ts';
import type { GraphqlClient } from '../../../apps/demo/src/graphql-client.ts';
import { CONTESTED, OUR_MANIFESTS, TAKE_OVER, type Contested } from './their-shop.ts';

export interface Foretold {
  readonly key: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly conflicts: readonly { readonly manager: string; readonly field: string }[];
  readonly diff: string | null;
}

export interface Condition {
  readonly key: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly manager: string | null;
  readonly fields: readonly string[];
}

/** The platform team's policy in the shop, as its people push it, look at it and take it away. */
export interface OurPolicy {
  foretell(change: 'leave' | 'take' | 'withdraw'): Promise<Foretold[]>;
  /** Leaves what others set, or takes it. */
  push(change: 'leave' | 'take'): Promise<void>;
  withdraw(): Promise<void>;
  status(): Promise<string | undefined>;
  conditions(): Promise<Condition[]>;
  ignoreRules(tool: string): Promise<string>;
}

interface Answer {
  readonly objects: Foretold[];
  readonly error: { readonly message: string } | null;
}

const SETTLES_WITHIN_MS = 60_000;

export function ourPolicy(client: GraphqlClient, cluster: RealCluster, name: string): OurPolicy {
  const input = (takeOver: readonly object[]): object => ({ name, manifests: OUR_MANIFESTS, placement: { clusterNames: [cluster.name] }, takeOver });
  const takeOver = { leave: [], take: TAKE_OVER };
  const status = async (): Promise<string | undefined> => (await policyProgress(client, name)).get(cluster.name)?.status;
  return {
    status,
    foretell: async (change) => {
      const ask = async (): Promise<Answer> => {
        const { policyPreview } = await client.request<{ policyPreview: Problems & { clusters: { nodes: readonly { dryRun: Answer }[] } } }>(
          `query ($apply: PolicyApplyInput, $delete: PolicyDeleteInput) { policyPreview(apply: $apply, delete: $delete) { userErrors { code message } clusters(first: 1) { nodes { dryRun {
             objects { key outcome reason conflicts { manager field } diff } error { message } } } } } }`,
          change === 'withdraw' ? { delete: { name } } : { apply: input(takeOver[change]) },
        );
        refuseProblems(policyPreview);
        return policyPreview.clusters.nodes[0]?.dryRun ?? { objects: [], error: { message: 'no cluster' } };
      };
      let answer = await ask();
      // An agent that has just come cannot be asked yet.
      await until('the agent answers', SETTLES_WITHIN_MS, async () => (answer.error === null ? true : (answer = await ask()).error === null));
      return answer.objects;
    },
    push: async (change) => {
      // What has just been installed has yet to be reported: until then our policy refers to what is not there.
      await until(`${name} is accepted`, SETTLES_WITHIN_MS, async () => {
        const { policyApply } = await client.request<{ policyApply: Problems }>('mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { code message } } }', { input: input(takeOver[change]) });
        if (policyApply.userErrors.some(({ code }) => code === 'FINDING_INTRODUCED')) return false;
        refuseProblems(policyApply);
        return true;
      });
      await until(`${name} is settled`, SETTLES_WITHIN_MS, async () => !['PENDING', undefined].includes(await status()));
    },
    withdraw: async () => {
      await deletePolicy(client, name);
      await until(`${name} is gone`, SETTLES_WITHIN_MS, async () => (await status()) === undefined);
    },
    conditions: async () => {
      const found = await client.request<{ cluster: { conditions: { nodes: Condition[] } } }>('query ($name: String!) { cluster(name: $name) { conditions(first: 100) { nodes { key status reason message manager fields } } } }', { name: cluster.name });
      return found.cluster.conditions.nodes;
    },
    ignoreRules: async (tool) => {
      const found = await client.request<{ cluster: { gitopsIgnoreRules: string } }>('query ($name: String!, $tool: GitopsTool!) { cluster(name: $name) { gitopsIgnoreRules(tool: $tool) } }', { name: cluster.name, tool });
      return found.cluster.gitopsIgnoreRules;
    },
  };
}

/** What stands in the contested fields. */
export async function contestedIn(cluster: RealCluster): Promise<Contested> {
  const read = async ({ object, path }: { readonly object: string; readonly path: string }): Promise<string> => kubectl(cluster.kubeconfigFile, ['-n', 'shop', 'get', object, '-o', `jsonpath=${path}`]);
  const [injection, timeout, connections, port] = await Promise.all([read(CONTESTED.injection), read(CONTESTED.timeout), read(CONTESTED.connections), read(CONTESTED.port)]);
  return { injection, timeout, connections, port };
}

/** Versions of the contested objects, which change with every write that changes something. */
export async function versionsIn(cluster: RealCluster): Promise<string> {
  return (await kubectl(cluster.kubeconfigFile, ['-n', 'shop', 'get', ...Object.values(CONTESTED).map(({ object }) => object), '-o', 'jsonpath={range .items[*]}{.kind}@{.metadata.resourceVersion} {end}'])).trim();
}
