import { thawClusters } from '../assignment/spare-frozen.ts';
import type { Tx } from '../connection/sql.ts';
import { wakeRollouts } from './resume-rollouts.ts';

/** False when there is no such freeze. Ending twice keeps the first time. Rollouts and clusters that waited for its end go on. */
export async function endFreeze(tx: Tx, id: string, by: { readonly actor: string; readonly at: Date }): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update rollout_freeze set ended_at = coalesce(ended_at, $3), ended_by = coalesce(ended_by, $4) where organization_id = $1 and id = $2`,
    [tx.organizationId, id, by.at, by.actor],
  );
  if (rowCount === 0) return false;
  wakeRollouts(tx);
  await thawClusters(tx, by.actor);
  return true;
}
