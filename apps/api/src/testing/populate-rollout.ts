import { strategySchema } from '@meshfleet/planner';
import { formatGlobalId } from '../graphql/global-id.ts';
import type { TestApi } from './test-api.ts';

/** A rollout in the middle of its way, and a freeze that was ended, every text of them marked. */
export async function populateRollout(api: TestApi, organizationId: string, clusterId: string, policyId: string, mark: string): Promise<{ Rollout: string; Freeze: string }> {
  const { query } = api.db.admin;
  const [rolloutId, freezeId] = [crypto.randomUUID(), crypto.randomUUID()];
  const gates = { healthy: true, findings: true, webhook: { url: `https://${mark}.example/`, timeoutSeconds: 600, intervalSeconds: 10 }, approval: { when: 'BEFORE', count: 1, role: 'ADMIN', allowAuthor: false } };
  const now = Date.now();
  const wave = {
    name: `${mark} canary`,
    size: 1,
    soakSeconds: 60,
    gates,
    phase: 'SOAKING',
    openedAt: now,
    soakUntil: now + 60_000,
    doneAt: now,
    approvals: [{ by: `user:${mark}`, at: now }],
    webhook: null,
    promoted: { by: `user:${mark}`, at: now },
  };
  const state = { status: 'SOAKING', because: mark, wave: 0, waves: [wave], paused: null, abort: null, stop: null, startedAt: now, endedAt: null };
  await query(
    `insert into rollout (id, organization_id, subject, policy_id, version, strategy, object_keys, status, because, planned, state, created_by, started_at, ended_at)
     values ($1, $2, 'POLICY', $3, 2, $4, '[]', 'SOAKING', $5, true, $6, $5, now(), now())`,
    [rolloutId, organizationId, policyId, JSON.stringify(strategySchema.parse({ waves: [{ name: `${mark} canary`, count: 1 }] })), `${mark} because`, JSON.stringify(state)],
  );
  await query(
    `insert into rollout_cluster (organization_id, rollout_id, cluster_id, wave, because, phase, held_version, target_version, version, told_at, settled_at, reason)
     values ($1, $2, $3, 0, $4, 'FAILED', 1, 2, 2, now(), now(), $4)`,
    [organizationId, rolloutId, clusterId, `${mark} reason`],
  );
  await query(`insert into rollout_event (organization_id, rollout_id, at, kind, message, wave, actor) values ($1, $2, now(), 'APPROVED', $3, 0, $3)`, [organizationId, rolloutId, `user:${mark}`]);
  await query(
    `insert into rollout_freeze (id, organization_id, cluster_selector, reason, starts_at, ends_at, created_by, ended_by, ended_at) values ($1, $2, $3, $4, now(), now(), $4, $4, now())`,
    [freezeId, organizationId, `mark=${mark}`, `${mark} freeze`],
  );
  return { Rollout: formatGlobalId({ type: 'Rollout', id: rolloutId }), Freeze: formatGlobalId({ type: 'Freeze', id: freezeId }) };
}
