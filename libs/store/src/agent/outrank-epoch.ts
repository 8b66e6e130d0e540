import { appendAudit } from '../audit/append-audit.ts';
import type { Tx } from '../connection/sql.ts';
import { announcePage } from '../desired-state/announce-all.ts';

export interface ForgottenPlace {
  readonly clusterId: string;
  readonly clusterName: string;
  /** Where an agent provably is, and this database is not. */
  readonly epoch: number;
  readonly revision: number;
  readonly at: Date;
}

/**
 * An agent holds a state that this database once made and has forgotten: it was restored from a backup. The organization's
 * epoch rises above everything that agents hold, and OBSERVE keeps them from carrying the older states out until a person
 * resumes. Undefined when the place is not ahead any more, because another agent was first to tell.
 */
export async function outrankEpoch(tx: Tx, place: ForgottenPlace): Promise<number | undefined> {
  const { rows } = await tx.query<{ epoch: number }>(OUTRANK, [tx.organizationId, place.clusterId, place.epoch, place.revision]);
  const epoch = rows[0]?.epoch;
  if (epoch === undefined) return undefined;
  for (let after = await announcePage(tx, undefined, 1000); after !== undefined; ) after = await announcePage(tx, after, 1000);
  await appendAudit(tx, {
    actor: `agent:${place.clusterName}`,
    action: 'hub.restored.detected',
    target: place.clusterId,
    details: { epoch, agentEpoch: place.epoch, agentRevision: place.revision },
    at: place.at,
  });
  return epoch;
}

const OUTRANK = `
  update organization o set epoch = greatest(o.epoch, $3) + 1, mode = 'OBSERVE'
  where o.id = $1 and ($3::bigint > o.epoch or ($3::bigint = o.epoch and exists (
    select from cluster c where c.organization_id = $1 and c.id = $2 and c.desired_revision < $4::bigint)))
  returning o.epoch`;
