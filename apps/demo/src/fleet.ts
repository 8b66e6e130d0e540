import type { ClusterKind } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import { agentProcess } from './agent-process.ts';
import { FLEET, startDemoCluster, type DemoCluster } from './clusters.ts';
import { startHub, type Hub, type HubOptions } from './hub.ts';
import type { Progress } from './progress.ts';
import { prepareRealParts } from './real-parts.ts';
import type { SupervisedProcess } from './supervisor.ts';

/** Everything that runs: the hub, the clusters and their agents. */
export interface Fleet extends Hub {
  readonly kind: ClusterKind;
  readonly clusters: readonly DemoCluster[];
  /** Starts the agent of one cluster; the join token is needed the first time only. */
  startAgent(cluster: DemoCluster, joinToken?: string): SupervisedProcess;
}

export interface FleetOptions extends HubOptions {
  /** Real clusters are etcd, kube-apiserver and their like as processes; simulated by default. */
  readonly clusters?: ClusterKind;
}

export async function startFleet(options: FleetOptions, root: string, progress: Progress): Promise<Fleet> {
  const kind = options.clusters ?? 'simulated';
  if (kind === 'real') await prepareRealParts(progress);
  const hub = await startHub(options, root, progress);
  try {
    const clusters = await startClusters(kind, hub, progress);
    return {
      ...hub,
      kind,
      clusters,
      startAgent: (cluster, joinToken) =>
        hub.supervisor.start(
          agentProcess(root, `agent-${cluster.name}`, {
            MESHFLEET_URL: hub.url,
            MESHFLEET_CLUSTER_NAME: cluster.name,
            KUBECONFIG: cluster.agentKubeconfigFile,
            PORT: '0',
            ...(joinToken === undefined ? {} : { MESHFLEET_JOIN_TOKEN: joinToken }),
          }),
        ),
    };
  } catch (error) {
    await hub.stop();
    throw error;
  }
}

async function startClusters(kind: ClusterKind, hub: Hub, progress: Progress): Promise<DemoCluster[]> {
  return progress.step(`Starting ${FLEET.length} ${kind} clusters with Istio's kinds and a shop`, async () => {
    // Side by side: most of a real cluster's start is waiting. All are awaited, so that none starts on while the rest is stopped.
    const starts = await Promise.allSettled(
      FLEET.map(async (_, index) => {
        const started = await startDemoCluster(kind, index, hub.dir.clusters);
        hub.onStop(() => started.cluster.stop());
        return started;
      }),
    );
    const clusters: DemoCluster[] = [];
    for (const start of starts) {
      if (start.status === 'rejected') throw start.reason;
      clusters.push(start.value);
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
