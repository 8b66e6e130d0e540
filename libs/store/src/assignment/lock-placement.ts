import { planAfresh } from '../connection/plan-afresh.ts';
import type { Tx } from '../connection/sql.ts';

/**
 * Placements of one organization go one after another: each decides over policies and clusters at once, so that of two
 * that overlap neither would see what the other writes. Held until the transaction ends, a few milliseconds.
 */
export function lockPlacement(tx: Tx): void {
  planAfresh(tx);
  tx.send(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`placement/${tx.organizationId}`]);
}
