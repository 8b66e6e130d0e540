import { deployWorkload, kubectl, type IstioMinor, type RealMeshCluster, type WorkloadSpec } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import type { ProofReport } from '../proof.ts';
import { WORLD_SERVICE, type OutsideWorld } from './outside-world.ts';
import { podOf, type PresetHand, type Stage } from './stage.ts';

export interface StageSpec {
  readonly namespace: string;
  readonly workloads?: readonly Omit<WorkloadSpec, 'namespace'>[];
  readonly drain?: string;
  readonly istiodMinor: IstioMinor;
  readonly world: OutsideWorld;
  readonly hand: PresetHand;
}

/** Beside the mesh: whoever calls without a proxy, and the Service that leads to the world. */
export async function setOutside({ cluster }: RealMeshCluster): Promise<void> {
  await createNamespace(cluster.kubeconfigFile, WORLD_SERVICE.namespace, {});
  await deployWorkload(cluster, { namespace: WORLD_SERVICE.namespace, name: 'plain' });
}

/** Deploys a namespace's callers in the zone eu-a, and the service that they call. */
export async function setStage(side: RealMeshCluster, report: ProofReport, { namespace, workloads = [], drain, istiodMinor, world, hand }: StageSpec): Promise<Stage> {
  const { cluster, nodes, istiod } = side;
  if (istiod === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: `${cluster.name} has no istiod` });
  await createNamespace(cluster.kubeconfigFile, namespace, istiod.injectionLabel);
  const annotations = drain === undefined ? {} : { 'proxy.istio.io/config': JSON.stringify({ drainDuration: drain }) };
  const near = { region: 'eu', zone: 'eu-a' };
  const specs: Omit<WorkloadSpec, 'namespace'>[] = [
    { ...near, name: 'echo-v1', app: 'echo', version: 'v1' },
    { ...near, name: 'echo-v2', app: 'echo', version: 'v2' },
    { ...near, name: 'client' },
    { ...near, name: 'other' },
    ...workloads,
  ];
  await Promise.all(specs.map((spec) => deployWorkload(cluster, { annotations, ...spec, namespace })));
  const pod = (app: string, version = 'v1'): ReturnType<typeof podOf> => podOf(nodes, namespace, { app, version });
  const [client, other, v1, v2] = [pod('client'), pod('other'), pod('echo'), pod('echo', 'v2')];
  return {
    cluster,
    nodes,
    istiod,
    istiodMinor,
    world,
    report,
    hand,
    namespace,
    echo: `http://echo.${namespace}:8080`,
    client,
    other,
    plain: podOf(nodes, WORLD_SERVICE.namespace, { app: 'plain' }),
    v1,
    v2,
    proxies: [client, other, v1, v2],
  };
}

async function createNamespace(kubeconfigFile: string, name: string, labels: Readonly<Record<string, string>>): Promise<void> {
  await kubectl(kubeconfigFile, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }));
}
