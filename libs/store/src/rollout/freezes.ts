import { parseLabelSelector } from '@meshfleet/model';
import { lockPlacement } from '../assignment/lock-placement.ts';
import { labelConditions } from '../cluster/label-conditions.ts';
import type { Sql, Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { keyset, slice } from '../paging/keyset.ts';
import type { Page, Slice } from '../paging/keyset.ts';
import { wakeRollouts } from './resume-rollouts.ts';

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

/** By id, ended ones too. */
export async function findFreezes(sql: Sql, ids: readonly string[]): Promise<FreezeRow[]> {
  const { rows } = await sql.query<FreezeRow>(`select ${COLUMNS} from rollout_freeze f where f.id = any($1::uuid[])`, [ids]);
  return rows;
}

/** The organization's freezes, newest first; with `now` only those that are in force or still to come. */
export async function listFreezes(tx: Tx, now: Date | undefined, page: Page): Promise<Slice<FreezeRow>> {
  const values = new Values([tx.organizationId]);
  const filters = ['f.organization_id = $1', ...unended(now, values)];
  const { conditions, tail } = keyset({ columns: [{ sql: 'f.id', type: 'uuid' }], descending: true }, page, values);
  const { rows } = await tx.query<FreezeRow>(`select ${COLUMNS} from rollout_freeze f where ${[...filters, ...conditions].join(' and ')} ${tail}`, values.list);
  return slice(rows, page);
}

export async function countFreezes(tx: Tx, now: Date | undefined): Promise<number> {
  const values = new Values([tx.organizationId]);
  const { rows } = await tx.query<{ count: number }>(`select count(*) as count from rollout_freeze f where ${['f.organization_id = $1', ...unended(now, values)].join(' and ')}`, values.list);
  return rows[0]?.count ?? 0;
}

function unended(now: Date | undefined, values: Values): string[] {
  return now === undefined ? [] : [`f.ended_at is null and (f.ends_at is null or f.ends_at > ${values.add(now)})`];
}

export type NewFreeze = Omit<FreezeRow, 'endedBy' | 'endedAt'>;

/**
 * Rollouts see it at their next step: those that are under way are woken. A step that has looked for freezes already, and any
 * other placement, ends before: once a freeze is acknowledged nobody is told of anything new.
 */
export function insertFreeze(tx: Tx, freeze: NewFreeze): void {
  lockPlacement(tx);
  tx.send(
    `insert into rollout_freeze (id, organization_id, cluster_selector, reason, starts_at, ends_at, created_by, created_at) values ($2, $1, $3, $4, $5, $6, $7, $8)`,
    [tx.organizationId, freeze.id, freeze.clusterSelector, freeze.reason, freeze.startsAt, freeze.endsAt, freeze.createdBy, freeze.createdAt],
  );
  wakeRollouts(tx);
}

/** The freeze that a change of these clusters runs into, when it is to be made at once. */
export async function findFreezeInWay(tx: Tx, reached: { readonly text: string; readonly values: readonly unknown[] }, now: Date): Promise<FreezeRow | undefined> {
  for (const freeze of await openFreezes(tx, now)) {
    const { clusterSelector } = freeze;
    if (clusterSelector === null || clusterSelector === '') return freeze;
    const values = new Values(reached.values);
    const conditions = ['c.organization_id = $1', `c.id in (${reached.text})`, ...labelConditions(parseLabelSelector(clusterSelector), values)];
    const { rowCount } = await tx.query(`select from cluster c where ${conditions.join(' and ')} limit 1`, values.list);
    if (rowCount > 0) return freeze;
  }
  return undefined;
}
