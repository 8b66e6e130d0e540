import { UNCOMPILED_REVISION } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';

/** The next clusters after `after` (exclusive, in the order of ids) with assignments that wait for a compilation. */
export async function listUncompiled(tx: Tx, after: string | undefined, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select distinct cluster_id as id from policy_cluster
     where organization_id = $1 and revision in (0, ${UNCOMPILED_REVISION}) and ($2::uuid is null or cluster_id > $2)
     order by 1 limit $3`,
    [tx.organizationId, after ?? null, limit],
  );
  return rows.map((row) => row.id);
}

/** Policies and clusters whose change no event has carried to the assignments; the sweep's question. */
export async function listUnplaced(tx: Tx, limit: number): Promise<{ policyIds: string[]; clusterIds: string[] }> {
  const policies = await tx.query<{ id: string }>(
    `select id from policy where organization_id = $1 and not placed order by id limit $2`,
    [tx.organizationId, limit],
  );
  const clusters = await tx.query<{ id: string }>(
    `select id from cluster where organization_id = $1 and not placed order by id limit $2`,
    [tx.organizationId, limit],
  );
  return { policyIds: policies.rows.map((row) => row.id), clusterIds: clusters.rows.map((row) => row.id) };
}
