import type { Tx } from '../connection/sql.ts';

/** The acknowledgement by which an agent had applied something. */
export interface Acknowledged {
  readonly revision: number;
  readonly at: Date;
}

/** The first acknowledgement of a revision that holds what `since` brought, as far as it is kept; agents leave out revisions that newer ones overtake. */
export async function findAcknowledged(tx: Tx, clusterId: string, since: number): Promise<Acknowledged | undefined> {
  const { rows } = await tx.query<Acknowledged>(
    `select revision, acked_at as at from desired_state where organization_id = $1 and cluster_id = $2 and revision >= $3 and acked_at is not null order by revision limit 1`,
    [tx.organizationId, clusterId, since],
  );
  return rows[0];
}
