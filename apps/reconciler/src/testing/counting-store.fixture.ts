import type { Store, Tx } from '@meshfleet/store';

export interface Cost {
  readonly transactions: number;
  readonly statements: number;
  /** Rows that statements returned. */
  readonly returned: number;
  /** Rows inserted, updated and deleted. */
  readonly written: number;
  /** Rows that tables and indexes handed to the executor. */
  readonly read: number;
}

// What this session has done and not yet reported to the cumulative counters, which lag: exact within a transaction.
const DONE = `select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint as read,
    coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint as written
  from pg_stat_xact_user_tables where schemaname = 'public'`;

async function done(tx: Tx): Promise<{ read: number; written: number }> {
  const { rows } = await tx.query<{ read: number; written: number }>(DONE);
  return rows[0] ?? { read: 0, written: 0 };
}

/** The same store, which counts. */
export function counting(store: Store): { store: Store; cost: Cost } {
  const cost = { transactions: 0, statements: 0, returned: 0, written: 0, read: 0 };
  const counted: Store = {
    ...store,
    transaction: (organizationId, work, options) => {
      cost.transactions += 1;
      return store.transaction(
        organizationId,
        async (tx) => {
          const before = await done(tx);
          const result = await work({
            organizationId,
            notify: (channel, payload) => tx.notify(channel, payload),
            send: (text, values) => {
              cost.statements += 1;
              tx.send(text, values);
            },
            query: async <R extends object>(text: string, values?: readonly unknown[]) => {
              cost.statements += 1;
              const answer = await tx.query<R>(text, values);
              cost.returned += answer.rows.length;
              return answer;
            },
          });
          const after = await done(tx);
          cost.read += after.read - before.read;
          cost.written += after.written - before.written;
          return result;
        },
        options,
      );
    },
  };
  return { store: counted, cost };
}
