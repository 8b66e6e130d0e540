import type { InventoryObject } from '@meshfleet/istio/analysis';
import type { Json } from '@meshfleet/model';

/** The objects in the JSON of `[key, body]` of each. */
export function rowsOf(inventory: string): InventoryObject[] {
  // Written by Postgres from the rows of one table.
  return (JSON.parse(inventory) as [string, Record<string, Json>][]).map(([key, body]) => ({ key, body }));
}
