import { MeshfleetError } from '@meshfleet/model';
import type { GraphqlClient } from '../../../apps/demo/src/graphql-client.ts';
import { applyPolicy, deletePolicy, policyProgress } from '../../../apps/demo/src/policies.ts';
import { until } from '../../../apps/demo/src/seed.ts';
import type { PresetHand } from './stage.ts';

const EFFECT_MS = 60_000;

/** As a user of the product does it: a policy by a preset, placed by labels. The next step is taken when it says APPLIED. */
export function byProduct(client: GraphqlClient, clusterSelector: string): PresetHand {
  // A name is not used again: what was withdrawn may not be gone from everywhere yet.
  const names = new Map<string, string>();
  let used = 0;
  return {
    apply: async ({ preset, parameters }) => {
      const name = names.get(preset) ?? `${preset}-${String((used += 1))}`;
      names.set(preset, name);
      await applyPolicy(client, { name, clusterSelector, preset: { name: preset, parameters } });
      await untilApplied(client, name);
    },
    withdraw: async ({ preset }) => {
      const name = names.get(preset);
      if (name === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: `Nothing was pushed by ${preset}` });
      names.delete(preset);
      await deletePolicy(client, name);
      await until(`${name} is gone`, EFFECT_MS, async () => (await policyProgress(client, name)).size === 0);
    },
  };
}

/** Waits until every cluster that the policy reaches holds its current version. */
export async function untilApplied(client: GraphqlClient, name: string): Promise<void> {
  const { policy } = await client.request<{ policy: { currentVersion: { version: number } } }>('query ($name: String!) { policy(name: $name) { currentVersion { version } } }', { name });
  await until(`${name} is applied`, EFFECT_MS, async () => {
    const reached = [...(await policyProgress(client, name)).values()];
    return reached.length > 0 && reached.every(({ version, status }) => version === policy.currentVersion.version && status === 'APPLIED');
  });
}
