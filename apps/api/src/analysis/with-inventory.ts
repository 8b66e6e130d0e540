import { withInventory as withInventoryFrom } from '@meshfleet/jobs/thread';
import { readInventoryTexts } from '@meshfleet/store';
import type { RequestScope } from '../request/request-scope.ts';

/** Which part of which inventory, and what to do where that is too large. */
export interface WantedInventory {
  readonly clusterId: string;
  /** Null: all. */
  readonly kinds: readonly string[] | null;
  readonly fixTooLarge: string;
}

/** As of the library, read through a request. */
export async function withInventory<T>(scope: RequestScope, { clusterId, kinds, fixTooLarge }: WantedInventory, use: (inventory: string) => Promise<T>): Promise<T> {
  const organizationId = await scope.organizationId();
  return withInventoryFrom({ organizationId, fixTooLarge, read: async (bounds) => (await readInventoryTexts(await scope.read(), [clusterId], kinds, bounds)).get(clusterId) }, use);
}
