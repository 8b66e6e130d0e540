import type { Tx } from '../connection/sql.ts';

/** Which inventory of a cluster is there. What is read after this is as new, or newer. */
export interface InventoryState {
  readonly seq: number;
  /** The revision whose outcome it shows. */
  readonly shows: number;
  readonly mesh: string | null;
}

export async function readInventoryState(tx: Tx, clusterId: string): Promise<InventoryState> {
  const { rows } = await tx.query<InventoryState>('select inventory_seq as seq, inventoried_revision as shows, mesh from cluster where organization_id = $1 and id = $2', [tx.organizationId, clusterId]);
  // One that is gone has nothing.
  return rows[0] ?? { seq: 0, shows: 0, mesh: null };
}
