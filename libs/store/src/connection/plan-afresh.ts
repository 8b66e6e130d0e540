import type { Tx } from './sql.ts';

/**
 * Has the statements of this transaction planned for the values and the sizes of tables that they meet. A plan that was
 * made while tables were empty is kept until they are analysed next: measured, a fleet of 10,000 that enrolled a moment
 * ago was read once per cluster. Planning costs less than a millisecond: for batches, not for single rows.
 */
export function planAfresh(tx: Tx): void {
  tx.send(`select set_config('plan_cache_mode', 'force_custom_plan', true)`);
}
