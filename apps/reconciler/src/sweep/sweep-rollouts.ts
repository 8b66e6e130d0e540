import { listDueRollouts } from '@meshfleet/store';
import type { ReconcilerJob } from '../relay/outbox-events.ts';
import type { RolloutParts } from '../rollout/run-rollout.ts';

const MOST = 1_000;

/**
 * Jobs for the rollouts of an organization that are due by their clock, or wait for a person: an event of theirs may be
 * lost. They are not moved here: one that takes its time holds up no other organization's sweep.
 */
export async function sweepRollouts({ store, now }: Pick<RolloutParts, 'store' | 'now'>, organizationId: string): Promise<ReconcilerJob[]> {
  const at = now();
  const due = await store.transaction(organizationId, (tx) => listDueRollouts(tx, at, MOST), { readOnly: true });
  return due.map((rolloutId) => ({ queue: 'rollout', jobId: `sweep-${rolloutId}-${at.getTime()}`, data: { organizationId, rolloutIds: [rolloutId] } }));
}
