import type { Sql, Tx } from '../connection/sql.ts';
import type { ClusterLifecycle } from './cluster-row.ts';

export interface LockedCluster {
  readonly id: string;
  readonly name: string;
  readonly lifecycle: ClusterLifecycle;
  readonly labels: Readonly<Record<string, string>>;
  readonly region: string | null;
  readonly zone: string | null;
  readonly network: string | null;
  readonly mesh: string | null;
}

/** The cluster as it is now, held until the transaction ends; undefined when there is none. */
export async function lockCluster(sql: Sql, id: string): Promise<LockedCluster | undefined> {
  const { rows } = await sql.query<LockedCluster>(
    'select id, name, lifecycle, labels, region, zone, network, mesh from cluster where id = $1 for no key update',
    [id],
  );
  return rows[0];
}

/** Writes the lifecycle as it is told; which step is allowed is the caller's to know. */
export function setClusterLifecycle(tx: Tx, id: string, lifecycle: ClusterLifecycle): void {
  tx.send('update cluster set lifecycle = $2, row_version = row_version + 1 where id = $1', [id, lifecycle]);
}

/** Rejects with a unique violation when another cluster has the name. */
export async function describeCluster(tx: Tx, cluster: Omit<LockedCluster, 'lifecycle'>): Promise<void> {
  await tx.query(
    `update cluster set name = $2, labels = $3, region = $4, zone = $5, network = $6, mesh = $7, row_version = row_version + 1 where id = $1`,
    [cluster.id, cluster.name, JSON.stringify(cluster.labels), cluster.region, cluster.zone, cluster.network, cluster.mesh],
  );
}

/** Allows a cluster's agent to delete so many objects beyond its guard, in its next revision; 0 takes an approval back. */
export function approveDeletions(tx: Tx, clusterId: string, count: number): void {
  tx.send('update cluster set approved_deletions = $2, row_version = row_version + 1 where id = $1', [clusterId, count]);
}

/** Allows the agents of every cluster that holds the policy to delete so many objects beyond their guard. */
export function approveDeletionsOfPolicy(tx: Tx, policyId: string, count: number): void {
  tx.send(
    `update cluster c set approved_deletions = greatest(c.approved_deletions, $2), row_version = c.row_version + 1
     from policy_cluster pc where pc.policy_id = $1 and pc.cluster_id = c.id`,
    [policyId, count],
  );
}
