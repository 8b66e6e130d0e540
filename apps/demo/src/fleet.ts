import { MeshfleetError } from '@meshfleet/model';
import { join } from 'node:path';
import { FLEET, startDemoCluster, type DemoCluster } from './clusters.ts';
import { startHub, type Hub, type HubOptions } from './hub.ts';
import type { Progress } from './progress.ts';
import type { SupervisedProcess } from './supervisor.ts';

/** Everything that runs: the hub, the simulated clusters and their agents. */
export interface Fleet extends Hub {
  readonly clusters: readonly DemoCluster[];
  /** Starts the agent of one cluster; the join token is needed the first time only. */
  startAgent(cluster: DemoCluster, joinToken?: string): SupervisedProcess;
}

export async function startFleet(options: HubOptions, root: string, progress: Progress): Promise<Fleet> {
  const hub = await startHub(options, root, progress);
  try {
    const clusters = await startClusters(hub, progress);
    return {
      ...hub,
      clusters,
      startAgent: (cluster, joinToken) =>
        hub.supervisor.start({
          name: `agent-${cluster.name}`,
          script: join(root, 'dist', 'agent', 'main.js'),
          env: {
            MESHFLEET_URL: hub.url,
            MESHFLEET_CLUSTER_NAME: cluster.name,
            KUBECONFIG: cluster.agentKubeconfigFile,
            PORT: '0',
            ...(joinToken === undefined ? {} : { MESHFLEET_JOIN_TOKEN: joinToken }),
          },
        }),
    };
  } catch (error) {
    await hub.stop();
    throw error;
  }
}

async function startClusters(hub: Hub, progress: Progress): Promise<DemoCluster[]> {
  return progress.step(`Starting ${FLEET.length} simulated clusters with Istio's kinds and a shop`, async () => {
    const clusters: DemoCluster[] = [];
    for (const spec of FLEET) {
      const started = await startDemoCluster(spec, hub.dir.clusters);
      hub.onStop(() => started.cluster.stop());
      clusters.push(started);
    }
    return clusters;
  });
}

/** The cluster of that name; a name that the demo does not have is our own mistake. */
export function clusterNamed(fleet: Fleet, name: string): DemoCluster {
  const found = fleet.clusters.find((cluster) => cluster.name === name);
  if (found === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: `The demo has no cluster ${name}` });
  return found;
}
