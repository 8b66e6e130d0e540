import { kubectl, type RealCluster } from '@meshfleet/cluster-real';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentProcess } from '../../apps/demo/src/agent-process.ts';
import type { GraphqlClient } from '../../apps/demo/src/graphql-client.ts';
import { startHub } from '../../apps/demo/src/hub.ts';
import { createProgress } from '../../apps/demo/src/progress.ts';
import { createJoinToken, signIn, until } from '../../apps/demo/src/seed.ts';

/** The hub's processes, and one agent per cluster with exactly the roles of deploy/agent. */
export interface Product {
  readonly client: GraphqlClient;
  close(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '..', '..');
const MANIFESTS = join(ROOT, 'deploy', 'agent', 'manifests');
const AGENT = { namespace: 'meshfleet-system', name: 'meshfleet-agent' };

/** Starts the product beside real clusters and waits until every one of them is online. */
export async function openProduct(clusters: readonly RealCluster[]): Promise<Product> {
  const dataDir = mkdtempSync(join(tmpdir(), 'meshfleet-proof-'));
  const hub = await startHub({ port: 0, dataDir, reset: false }, ROOT, createProgress(() => undefined));
  const close = async (): Promise<void> => {
    await hub.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const { client } = await signIn(hub);
    for (const cluster of clusters) {
      for (const file of ['namespace', 'service-account', 'cluster-role', 'role']) await kubectl(cluster.kubeconfigFile, ['apply', '-f', join(MANIFESTS, `${file}.yaml`)]);
      const kubeconfigFile = join(hub.dir.clusters, `${cluster.name}.agent.kubeconfig`);
      writeFileSync(kubeconfigFile, cluster.kubeconfig({ token: await cluster.createToken(AGENT), name: AGENT.name }), { mode: 0o600 });
      hub.supervisor.start(
        agentProcess(ROOT, `agent-${cluster.name}`, {
          MESHFLEET_URL: hub.url,
          MESHFLEET_JOIN_TOKEN: await createJoinToken(client, { name: cluster.name, labels: { name: cluster.name } }),
          MESHFLEET_CLUSTER_NAME: cluster.name,
          KUBECONFIG: kubeconfigFile,
          PORT: '0',
        }),
      );
    }
    await until('every cluster is online', 60_000, async () => {
      const { organization } = await client.request<{ organization: { clusters: { nodes: { status: string }[] } } }>('{ organization { clusters(first: 100) { nodes { status } } } }');
      return organization.clusters.nodes.length === clusters.length && organization.clusters.nodes.every(({ status }) => status === 'ONLINE');
    });
    return { client, close };
  } catch (error) {
    await close();
    throw error;
  }
}
