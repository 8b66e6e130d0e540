import type { RolePool } from './pool.ts';
import { statement } from './statement.ts';
import type { Notice } from './transaction.ts';

export interface Notifier {
  /** Queues notices; equal ones that wait together are sent once. */
  send(notices: readonly Notice[]): void;
  /** Resolves when everything queued has been sent (or could not be). */
  flush(): Promise<void>;
}

/**
 * Sends NOTIFY after the transactions that it announces, not in them: a transaction that notifies holds a database-wide
 * lock until its COMMIT is on disk (PreCommit_Notify in Postgres' async.c), so that writers would queue up one by one.
 * A notice that is lost with the process costs the listener its next poll, nothing else.
 */
export function createNotifier(pool: RolePool): Notifier {
  const waiting = new Map<string, Notice>();
  let sending: Promise<void> | undefined;

  async function drain(): Promise<void> {
    while (waiting.size > 0) {
      const batch = [...waiting.values()];
      waiting.clear();
      await notify(batch).catch(() => undefined);
    }
    sending = undefined;
  }

  async function notify(batch: readonly Notice[]): Promise<void> {
    const client = await pool.connect();
    let broken = true;
    try {
      const channels = batch.map((notice) => notice.channel);
      await client.query(statement('select pg_notify(c, p) from unnest($1::text[], $2::text[]) as n (c, p)', [channels, batch.map((notice) => notice.payload)]));
      broken = false;
    } finally {
      client.release(broken);
    }
  }

  return {
    send(notices) {
      if (notices.length === 0) return;
      for (const notice of notices) waiting.set(`${notice.channel} ${notice.payload}`, notice);
      sending ??= drain();
    },
    flush: async () => {
      await sending;
    },
  };
}
