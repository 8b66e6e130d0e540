import type { Tx } from '../connection/sql.ts';
import { OUTBOX_CHANNEL } from '../outbox/enqueue.ts';

/** The organization enforces again: rollouts go on, and clusters get their time anew, since nobody could have answered. */
export function resumeRollouts(tx: Tx): void {
  tx.send(
    `update rollout_cluster k set waiting_since = null from rollout r
     where k.organization_id = $1 and r.id = k.rollout_id and r.active and k.waiting_since is not null`,
    [tx.organizationId],
  );
  wakeRollouts(tx);
}

/** Lets every rollout that is under way look again. */
export function wakeRollouts(tx: Tx): void {
  wake(tx, '');
}

/** Those that have not begun yet may have waited for one that has ended. */
export function wakeQueued(tx: Tx): void {
  wake(tx, 'and r.started_at is null');
}

function wake(tx: Tx, which: string): void {
  tx.send(`insert into outbox (organization_id, topic, payload) select $1, 'rollout.changed', jsonb_build_object('rolloutId', r.id) from rollout r where r.organization_id = $1 and r.active ${which}`, [
    tx.organizationId,
  ]);
  tx.notify(OUTBOX_CHANNEL, tx.organizationId);
}
