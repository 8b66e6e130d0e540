import { readInventories, type ClusterInventoryRow, type Tx } from '@meshfleet/store';
import type { RequestScope } from '../request/request-scope.ts';

const INVENTORY = Symbol('whole inventory of a cluster');

/** Everything that the agent of a cluster has reported; once in a request. */
export function inventoryOf(scope: RequestScope, clusterId: string): Promise<readonly ClusterInventoryRow[]> {
  return scope.loader<string, readonly ClusterInventoryRow[]>(INVENTORY, readAll).load(clusterId);
}

async function readAll(tx: Tx, clusterIds: readonly string[]): Promise<(readonly ClusterInventoryRow[])[]> {
  const found = await readInventories(tx, clusterIds);
  return clusterIds.map((id) => found.get(id) ?? []);
}
