import type { RolloutStrategy } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';
import { announceChanged } from '../desired-state/announce.ts';
import { enqueue } from '../outbox/enqueue.ts';
import { heldObjectKeys } from './object-overlap.ts';
import { wakeQueued } from './resume-rollouts.ts';

export interface NewRollout {
  readonly id: string;
  readonly policyId: string;
  /** Null: the policy is withdrawn when the rollout has succeeded. */
  readonly version: number | null;
  readonly strategy: RolloutStrategy;
  readonly createdBy: string;
  readonly at: Date;
}

/**
 * Begins a rollout of a version that is written already. It is planned by the reconciler, on what clusters hold then. The
 * policy must have no active one: hold its lock, and see `LockedPolicy.activeRolloutId`.
 */
export async function insertRollout(tx: Tx, rollout: NewRollout): Promise<void> {
  tx.send(
    `insert into rollout (id, organization_id, subject, policy_id, version, strategy, object_keys, status, because, created_by, created_at)
     values ($2, $1, 'POLICY', $3, $4, $5, ${OBJECT_KEYS}, 'QUEUED', 'it is being planned', $6, $7)`,
    [tx.organizationId, rollout.id, rollout.policyId, rollout.version, JSON.stringify(rollout.strategy), rollout.createdBy, rollout.at],
  );
  await enqueue(tx, 'rollout.changed', { rolloutId: rollout.id });
  announceChanged(tx, { clusterIds: [], policyIds: [rollout.policyId], rolloutIds: [rollout.id] });
}

// Of the target, and of whatever clusters hold of the policy by now.
const OBJECT_KEYS = heldObjectKeys('$3', ['$4::int']);

/**
 * Ends a rollout where it stands, because another version takes its place: clusters keep what they hold until that one
 * reaches them. Hold the policy's lock.
 */
export function supersedeRollout(tx: Tx, rolloutId: string, by: { readonly actor: string; readonly at: Date; readonly version: number | null }): void {
  const message = by.version === null ? 'the policy was withdrawn at once' : `version ${by.version} takes its place`;
  tx.send(
    `update rollout set status = 'SUPERSEDED', active = false, because = $3, wake_at = null, ended_at = $4, row_version = row_version + 1,
       state = state || jsonb_build_object('status', 'SUPERSEDED', 'because', $3::text, 'endedAt', $5::bigint)
     where organization_id = $1 and id = $2 and active`,
    [tx.organizationId, rolloutId, message, by.at, by.at.getTime()],
  );
  tx.send(`insert into rollout_event (organization_id, rollout_id, at, kind, message, actor) values ($1, $2, $3, 'SUPERSEDED', $4, $5)`, [
    tx.organizationId,
    rolloutId,
    by.at,
    message,
    by.actor,
  ]);
  wakeQueued(tx);
  announceChanged(tx, { clusterIds: [], policyIds: [], rolloutIds: [rolloutId] });
}
