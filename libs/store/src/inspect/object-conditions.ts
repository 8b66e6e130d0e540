import type { Tx } from '../connection/sql.ts';
import type { ObjectConditionRow } from '../cluster/conditions.ts';

/** What is noted of one object of a cluster: of the policy that has it, and of others that want it. */
export async function listObjectConditions(tx: Tx, clusterId: string, key: string): Promise<ObjectConditionRow[]> {
  const { rows } = await tx.query<ObjectConditionRow>(
    `select object_key as key, cluster_id as "clusterId", policy_id as "policyId", status, reason, message, manager, fields,
       observed_at as "observedAt", changers
     from object_condition where organization_id = $1 and cluster_id = $2 and object_key = $3 order by policy_id`,
    [tx.organizationId, clusterId, key],
  );
  return rows;
}
