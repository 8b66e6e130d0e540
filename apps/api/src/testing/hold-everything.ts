import { digestOf, type DesiredState } from '@meshfleet/protocol';
import type { TestApi } from './test-api.ts';

/** A cluster is assigned all policies that there are, and holds what each has first. */
export async function holdEverything(api: TestApi, organizationId: string, clusterId: string): Promise<void> {
  const { query } = api.db.admin;
  await query(`insert into policy_cluster (organization_id, policy_id, cluster_id, version, revision, status, object_count) select organization_id, id, $1, 1, 1, 'APPLIED', 1 from policy`, [clusterId]);
  const { rows } = await query<{ key: string; hash: string; policyId: string }>(
    `select distinct on (o.key) o.key, o.hash, v.policy_id as "policyId" from policy_version v cross join lateral jsonb_to_recordset(v.objects) as o (key text, hash text) order by o.key, v.policy_id`,
  );
  const state: DesiredState = { entries: rows.map((row) => ({ ...row, drift: 'CORRECT', conflicts: 'REPORT' })), tombstones: [] };
  const digest = digestOf(state);
  await query('insert into desired_state_body (organization_id, digest, body) values ($1, $2, $3)', [organizationId, digest, JSON.stringify(state)]);
  await query(`insert into desired_state (organization_id, cluster_id, revision, epoch, digest, object_count, tombstone_count, cause) values ($1, $2, 1, 1, $3, $4, 0, '[]')`, [organizationId, clusterId, digest, rows.length]);
  await query('update cluster set desired_revision = 1, desired_digest = $2, acked_epoch = 1, acked_revision = 1 where id = $1', [clusterId, digest]);
}
