import type { Tx } from '../connection/sql.ts';

/** Rises with every audited change of the organization: nobody is quarantined or evicted without one. */
export async function readAuditSeq(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ seq: number }>('select audit_seq as seq from organization where id = $1', [tx.organizationId]);
  return rows[0]?.seq ?? 0;
}

/** Those of the clusters that may no longer be spoken to, or are gone. */
export async function findCutOff(tx: Tx, clusterIds: readonly string[]): Promise<readonly { id: string; lifecycle: 'QUARANTINED' | 'EVICTED' }[]> {
  const { rows } = await tx.query<{ id: string; lifecycle: 'QUARANTINED' | 'EVICTED' }>(
    `select id, lifecycle from cluster where organization_id = $1 and id = any($2::uuid[]) and lifecycle in ('QUARANTINED', 'EVICTED')`,
    [tx.organizationId, clusterIds],
  );
  return rows;
}
