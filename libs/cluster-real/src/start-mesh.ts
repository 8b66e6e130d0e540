import { MeshfleetError, type KubeObject } from '@meshfleet/model';
import { openBed, type Bed } from './bed/bed.ts';
import { startRealCluster, type RealCluster, type RealNode } from './cluster/start-real-cluster.ts';
import { installIstio, type Istiod, type IstioOptions } from './mesh/install-istio.ts';
import { openNetwork, type BedNetwork } from './network/bed-network.ts';
import { openRouter, type BedRouter } from './network/open-router.ts';
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
  /**
   * Name of the network that its pods lie in; clusters that name none share one. Between two networks only the addresses of load
   * balancers can be reached. Istio is told the name too.
   */
  readonly network?: string;
  readonly realNodes?: readonly RealNode[];
  readonly objects?: readonly KubeObject[];
  readonly audit?: boolean;
  readonly volumeDelayMs?: number;
}

/** Real clusters on networks of their own, with pods that are processes and, where asked for, Istio. */
export interface RealMesh {
  readonly bed: Bed;
  readonly clusters: readonly RealMeshCluster[];
  /** What lies between the networks, where there is more than one. */
  readonly router?: BedRouter;
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
    const { networkOf, router } = await openNetworks(bed, options.map(({ network = '' }) => network));
    // All are awaited, so that none starts on while the rest is stopped.
    const starts = await Promise.allSettled(
      options.map(async ({ name, istio, network = '', realNodes, objects = [], audit = false, volumeDelayMs = 0 }, index) => {
        const cluster = await startRealCluster({ bed, name, index, objects, audit });
        closers.push(() => cluster.stop());
        const nodes = await startRealNodes(cluster, { bed, network: networkOf(network), volumeDelayMs, ...(realNodes === undefined ? {} : { nodes: realNodes }) });
        closers.push(() => nodes.stop());
        const istiod = istio === undefined ? {} : { istiod: await installIstio(cluster, nodes, { clusterName: name, ...(network === '' ? {} : { network }), ...istio }) };
        clusters[index] = { cluster, nodes, ...istiod };
      }),
    );
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
    return { bed, clusters, ...(router === undefined ? {} : { router }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openNetworks(bed: Bed, names: readonly string[]): Promise<{ networkOf: (name: string) => BedNetwork; router?: BedRouter }> {
  const distinct = [...new Set(names)];
  const routed = distinct.length > 1;
  const networks = new Map<string, BedNetwork>();
  for (const name of distinct) networks.set(name, await openNetwork(bed, { routed }));
  const networkOf = (name: string): BedNetwork => {
    const network = networks.get(name);
    if (network === undefined) throw new MeshfleetError({ code: 'NOT_FOUND', summary: `The bed has no network ${name}` });
    return network;
  };
  return routed ? { networkOf, router: await openRouter(bed, [...networks.values()]) } : { networkOf };
}
