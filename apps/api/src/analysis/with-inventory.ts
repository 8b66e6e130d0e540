import { withInventory as withInventoryFrom } from '@meshfleet/jobs/thread';
import type { RequestScope } from '../request/request-scope.ts';

/** As of the library, read through a request. */
export async function withInventory<T>(scope: RequestScope, clusterId: string, kinds: readonly string[] | null, use: (inventory: string) => Promise<T>): Promise<T> {
  return withInventoryFrom({ organizationId: await scope.organizationId(), read: async (work) => work(await scope.read()) }, clusterId, kinds, use);
}
