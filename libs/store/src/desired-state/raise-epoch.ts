import { appendAudit } from '../audit/append-audit.ts';
import type { Tx } from '../connection/sql.ts';

/**
 * After a restore from a backup: agents may hold revisions that this database has forgotten. A higher epoch outranks
 * them, and OBSERVE keeps every agent from carrying the older states out until a person resumes. Returns the new epoch.
 */
export async function raiseEpoch(tx: Tx, actor: string): Promise<number> {
  const { rows } = await tx.query<{ epoch: number }>(
    `update organization set epoch = epoch + 1, mode = 'OBSERVE' where id = $1 returning epoch`,
    [tx.organizationId],
  );
  const epoch = rows[0]?.epoch ?? 0;
  await appendAudit(tx, { actor, action: 'hub.restored', details: { epoch }, at: new Date() });
  return epoch;
}
