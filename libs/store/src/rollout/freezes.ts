import type { Tx } from '../connection/sql.ts';

/** A time in which nothing new is begun. */
export interface FreezeRow {
  readonly id: string;
  /** Null: the whole organization. */
  readonly clusterSelector: string | null;
  readonly reason: string;
  readonly startsAt: Date;
  /** Null: until somebody ends it. */
  readonly endsAt: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly endedBy: string | null;
  readonly endedAt: Date | null;
}

const COLUMNS = `f.id, f.cluster_selector as "clusterSelector", f.reason, f.starts_at as "startsAt", f.ends_at as "endsAt",
  f.created_by as "createdBy", f.created_at as "createdAt", f.ended_by as "endedBy", f.ended_at as "endedAt"`;

/** Those in force at this moment. */
export async function openFreezes(tx: Tx, now: Date): Promise<FreezeRow[]> {
  const { rows } = await tx.query<FreezeRow>(
    `select ${COLUMNS} from rollout_freeze f
     where f.organization_id = $1 and f.ended_at is null and f.starts_at <= $2 and (f.ends_at is null or f.ends_at > $2) order by f.id`,
    [tx.organizationId, now],
  );
  return rows;
}
