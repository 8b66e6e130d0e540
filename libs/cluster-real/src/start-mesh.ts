import type { KubeObject } from '@meshfleet/model';
import { openBed, type Bed } from './bed/bed.ts';
import { startRealCluster, type RealCluster, type RealNode } from './cluster/start-real-cluster.ts';
import { installIstio, type Istiod, type IstioOptions } from './mesh/install-istio.ts';
import { openNetwork, type BedNetwork } from './network/bed-network.ts';
import { startRealNodes, type RealNodes } from './node/start-node.ts';

export interface RealMeshCluster {
  readonly cluster: RealCluster;
  readonly nodes: RealNodes;
  /** Set where Istio was asked for. */
  readonly istiod?: Istiod;
}

export interface MeshClusterOptions {
  readonly name: string;
  readonly istio?: IstioOptions;
  readonly realNodes?: readonly RealNode[];
  readonly objects?: readonly KubeObject[];
  readonly audit?: boolean;
  readonly volumeDelayMs?: number;
}

/** Real clusters on one network of their own, with pods that are processes and, where asked for, Istio. */
export interface RealMesh {
  readonly bed: Bed;
  readonly network: BedNetwork;
  readonly clusters: readonly RealMeshCluster[];
  stop(): Promise<void>;
}

export async function startMesh(options: readonly MeshClusterOptions[]): Promise<RealMesh> {
  const bed = openBed();
  const clusters: RealMeshCluster[] = [];
  const closers: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
    bed.close();
  };
  try {
    const network = await openNetwork(bed);
    // All are awaited, so that none starts on while the rest is stopped.
    const starts = await Promise.allSettled(
      options.map(async ({ name, istio, realNodes, objects = [], audit = false, volumeDelayMs = 0 }, index) => {
        const cluster = await startRealCluster({ bed, name, index, objects, audit });
        closers.push(() => cluster.stop());
        const nodes = await startRealNodes(cluster, { bed, network, volumeDelayMs, ...(realNodes === undefined ? {} : { nodes: realNodes }) });
        closers.push(() => nodes.stop());
        const istiod = istio === undefined ? {} : { istiod: await installIstio(cluster, nodes, { clusterName: name, ...istio }) };
        clusters[index] = { cluster, nodes, ...istiod };
      }),
    );
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
    return { bed, network, clusters, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
