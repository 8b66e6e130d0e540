import type { Cluster } from '@meshfleet/cluster-sim';
import type { KubeObject } from '@meshfleet/model';

/** A cluster under test with what both kinds can be made to suffer. */
export interface TestCluster extends Cluster {
  restart(): Promise<void>;
  compact(): Promise<void> | void;
}

export type ClusterKind = 'simulated' | 'real';

export function clusterKind(): ClusterKind {
  const kind = process.env['MESHFLEET_TEST_CLUSTERS'] ?? 'simulated';
  if (kind !== 'simulated' && kind !== 'real') throw new Error(`MESHFLEET_TEST_CLUSTERS is simulated or real, not ${kind}`);
  return kind;
}

/** Starts the kind of cluster that MESHFLEET_TEST_CLUSTERS names; nothing else differs between the two runs. */
export async function openCluster(crds: KubeObject[] = []): Promise<TestCluster> {
  if (clusterKind() === 'real') {
    const { startRealCluster } = await import('@meshfleet/cluster-real');
    return startRealCluster({ name: 'conformance', crds });
  }
  const { startSimulatedCluster } = await import('@meshfleet/cluster-sim');
  return startSimulatedCluster({ name: 'conformance', crds });
}
