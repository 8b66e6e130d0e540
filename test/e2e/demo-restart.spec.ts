import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeThrowAwayDir } from '../../apps/demo/src/data-dir.ts';
import { startFleet } from '../../apps/demo/src/fleet.ts';
import { createProgress } from '../../apps/demo/src/progress.ts';
import { enrolAll, refuseProblems, signIn, type Problems } from '../../apps/demo/src/seed.ts';

const dataDir = makeThrowAwayDir('meshfleet-e2e-');
afterAll(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

it('a demo whose cluster was renamed starts again, and the cluster keeps its new name', async () => {
  const root = join(import.meta.dirname, '..', '..');
  const quiet = createProgress(() => undefined);
  const run = async <T>(work: (client: Awaited<ReturnType<typeof signIn>>['client']) => Promise<T>): Promise<T> => {
    const fleet = await startFleet({ port: 0, dataDir, reset: false }, root, quiet);
    try {
      const { client } = await signIn(fleet);
      await enrolAll(fleet, client, quiet);
      return await work(client);
    } finally {
      await fleet.stop();
    }
  };
  await run(async (client) => {
    const { cluster } = await client.request<{ cluster: { id: string } }>('{ cluster(name: "frankfurt") { id } }');
    const { clusterUpdate } = await client.request<{ clusterUpdate: Problems }>('mutation ($input: ClusterUpdateInput!) { clusterUpdate(input: $input) { userErrors { code message } } }', { input: { id: cluster.id, name: 'main' } });
    refuseProblems(clusterUpdate);
  });
  const names = await run(async (client) => {
    const { organization } = await client.request<{ organization: { clusters: { nodes: { name: string; status: string }[] } } }>('{ organization { clusters(first: 10) { nodes { name status } } } }');
    return organization.clusters.nodes.map(({ name, status }) => `${name} ${status}`).sort();
  });
  expect(names).toEqual(['dublin ONLINE', 'main ONLINE', 'virginia ONLINE']);
}, 180_000);
