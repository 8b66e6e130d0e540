import type { Sql } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import type { Page, Slice } from '../paging/keyset.ts';
import { countNested, readNestedPage } from '../paging/nested-page.ts';

export type PolicyClusterStatus = 'PENDING' | 'APPLIED' | 'FAILED' | 'DRIFTED';

/** How far one policy is in one cluster. */
export interface PolicyClusterRow {
  readonly policyId: string;
  readonly clusterId: string;
  /** The name that the list is ordered by: the cluster's in a policy's list, the policy's in a cluster's. */
  readonly name: string;
  /** Null while the policy is being withdrawn. */
  readonly version: number | null;
  readonly status: PolicyClusterStatus;
  readonly updatedAt: Date;
  /** Objects that the cluster is asked to hold of it. */
  readonly objectCount: number;
  /** When the next of them ends. */
  readonly expiresAt: Date | null;
}

const COLUMNS = `pc.policy_id as "policyId", pc.cluster_id as "clusterId", pc.version, pc.status, pc.updated_at as "updatedAt", pc.object_count as "objectCount", pc.expires_at as "expiresAt"`;

/** Clusters of each policy, by the clusters' names. */
export function listClustersOfPolicies(
  sql: Sql,
  policyIds: readonly string[],
  status: readonly PolicyClusterStatus[] | undefined,
  page: Page,
): Promise<Slice<PolicyClusterRow>[]> {
  const values = new Values();
  const conditions = withStatus(status, values);
  const from = 'policy_cluster pc join cluster c on c.id = pc.cluster_id';
  const order = { columns: [{ sql: 'c.name', type: 'text' as const }, { sql: 'c.id', type: 'uuid' as const }] };
  return readNestedPage(sql, policyIds, { columns: `${COLUMNS}, c.name`, from, parent: 'pc.policy_id', order, conditions }, page, values);
}

/** How many clusters each policy has in these statuses, in the order of the policies. */
export function countClustersOfPolicies(sql: Sql, policyIds: readonly string[], status: readonly PolicyClusterStatus[] | undefined): Promise<number[]> {
  const values = new Values();
  return countNested(sql, policyIds, { from: 'policy_cluster pc', parent: 'pc.policy_id', conditions: withStatus(status, values) }, values);
}

/** Policies of each cluster, by the policies' names. */
export function listPoliciesOfClusters(sql: Sql, clusterIds: readonly string[], page: Page): Promise<Slice<PolicyClusterRow>[]> {
  const from = 'policy_cluster pc join policy p on p.id = pc.policy_id';
  const order = { columns: [{ sql: 'p.name', type: 'text' as const }, { sql: 'p.id', type: 'uuid' as const }] };
  return readNestedPage(sql, clusterIds, { columns: `${COLUMNS}, p.name`, from, parent: 'pc.cluster_id', order, conditions: [] }, page, new Values());
}

/** How many policies each cluster has, in the order of the clusters. */
export function countPoliciesOfClusters(sql: Sql, clusterIds: readonly string[]): Promise<number[]> {
  return countNested(sql, clusterIds, { from: 'policy_cluster pc', parent: 'pc.cluster_id', conditions: [] }, new Values());
}

export interface PolicySummary extends Readonly<Record<'pending' | 'applied' | 'failed' | 'drifted', number>> {
  /**
   * Nothing is on its way. A change that was accepted a moment ago has no clusters yet: that none is pending says nothing
   * before the policy is placed.
   */
  readonly settled: boolean;
}

/** Clusters by status, for each policy. */
export async function summarizePolicies(sql: Sql, policyIds: readonly string[]): Promise<PolicySummary[]> {
  const { rows } = await sql.query<PolicySummary & { policyId: string }>(
    `select p.id as "policyId", count(*) filter (where x.status = 'PENDING') as pending, count(*) filter (where x.status = 'APPLIED') as applied,
       count(*) filter (where x.status = 'FAILED') as failed, count(*) filter (where x.status = 'DRIFTED') as drifted,
       p.placed and p.rollout_id is null and count(*) filter (where x.status = 'PENDING') = 0 as settled
     from policy p left join policy_cluster x on x.policy_id = p.id where p.id = any($1::uuid[]) group by p.id`,
    [policyIds],
  );
  const found = new Map(rows.map(({ policyId, ...summary }) => [policyId, summary]));
  return policyIds.map((id) => found.get(id) ?? { pending: 0, applied: 0, failed: 0, drifted: 0, settled: false });
}

function withStatus(status: readonly PolicyClusterStatus[] | undefined, values: Values): string[] {
  return status === undefined ? [] : [`pc.status = any(${values.add(status)}::text[])`];
}
