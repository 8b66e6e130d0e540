import type { PolicyClusterRow } from '@meshfleet/store';

/** How far a policy is in a cluster, as GraphQL's types PolicyCluster and ClusterPolicy. */
export function clusterPolicyView(row: PolicyClusterRow) {
  return { row, version: row.version, status: row.status, withdrawing: row.version === null, updatedAt: row.updatedAt, objectCount: row.objectCount, expiresAt: row.expiresAt };
}

export type ClusterPolicyView = ReturnType<typeof clusterPolicyView>;
