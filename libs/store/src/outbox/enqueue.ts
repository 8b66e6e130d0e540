import type { Tx } from '../connection/sql.ts';

/** What the reconciler is told, with the payload of each topic. */
export interface OutboxTopics {
  /** `version` is null when the policy was deleted. */
  'policy.changed': { policyId: string; version: number | null; actor: string };
  'cluster.changed': { clusterId: string; reason: ClusterChange; actor: string };
  /** Something that a rollout waits for may have happened. */
  'rollout.changed': { rolloutId: string };
  'organization.resumed': Record<string, never>;
}

export type OutboxTopic = keyof OutboxTopics;
export type ClusterChange = 'ENROLLED' | 'APPROVED' | 'LABELS' | 'RELEASED' | 'EVICTED' | 'DELETIONS_APPROVED' | 'THAWED';

export const OUTBOX_CHANNEL = 'meshfleet_outbox';

/** Announces a change in the transaction that makes it: it is announced if, and only if, it commits. At least once. */
export function enqueue<T extends OutboxTopic>(tx: Tx, topic: T, payload: OutboxTopics[T]): Promise<void> {
  tx.send('insert into outbox (organization_id, topic, payload) values ($1, $2, $3)', [
    tx.organizationId,
    topic,
    JSON.stringify(payload),
  ]);
  tx.notify(OUTBOX_CHANNEL, tx.organizationId);
  return Promise.resolve();
}
