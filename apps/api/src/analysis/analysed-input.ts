import { analysisInputOf, type AnalysisInput } from '@meshfleet/istio/analysis';
import { NO_NEIGHBOURS, readInventories, readMeshNeighbours, type ClusterInventoryRow, type MeshNeighbours, type Tx } from '@meshfleet/store';
import type { RequestScope } from '../request/request-scope.ts';

const INVENTORY = Symbol('whole inventory of a cluster');
const NEIGHBOURS = Symbol('what the rest of its mesh has');

/** Inventories that are in memory at a time for one read. */
const TOGETHER = 5;

/** Everything that the agent of a cluster has reported, with what the other clusters of its mesh have; read once in a request. */
export async function analysedInput(scope: RequestScope, clusterId: string, now: Date): Promise<AnalysisInput> {
  const [rows, neighbours] = await Promise.all([
    scope.loader<string, readonly ClusterInventoryRow[]>(INVENTORY, readAll, String, TOGETHER).load(clusterId),
    scope.loader<string, MeshNeighbours>(NEIGHBOURS, readNeighbours).load(clusterId),
  ]);
  return analysisInputOf(rows, { now: now.getTime(), ...neighbours });
}

async function readAll(tx: Tx, clusterIds: readonly string[]): Promise<(readonly ClusterInventoryRow[])[]> {
  const found = await readInventories(tx, clusterIds);
  return clusterIds.map((id) => found.get(id) ?? []);
}

async function readNeighbours(tx: Tx, clusterIds: readonly string[]): Promise<MeshNeighbours[]> {
  const found = await readMeshNeighbours(tx, clusterIds);
  return clusterIds.map((id) => found.get(id) ?? NO_NEIGHBOURS);
}
