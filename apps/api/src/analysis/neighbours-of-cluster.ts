import { NO_NEIGHBOURS, neighboursIn, readMeshesOf, readMeshHoldings, type MeshHoldings, type MeshNeighbours } from '@meshfleet/store';
import type { RequestScope } from '../request/request-scope.ts';

const MESH_OF = Symbol('mesh of a cluster');
const HOLDINGS = Symbol('holdings of a mesh');

/** What the rest of its mesh has; a mesh is read once in a request, however many of its clusters are looked at. */
export async function neighboursOfCluster(scope: RequestScope, clusterId: string): Promise<MeshNeighbours> {
  const mesh = await scope.loader<string, string | null>(MESH_OF, readMeshesOf).load(clusterId);
  if (mesh === null) return NO_NEIGHBOURS;
  return neighboursIn(await scope.loader<string, MeshHoldings>(HOLDINGS, readMeshHoldings).load(mesh), clusterId);
}
