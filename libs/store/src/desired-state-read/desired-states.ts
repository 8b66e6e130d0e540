import type { Shares } from '@meshfleet/planner';
import type { Sql } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import type { Page, Slice } from '../paging/keyset.ts';
import { readNestedPage } from '../paging/nested-page.ts';

export interface DesiredStateRow {
  readonly clusterId: string;
  readonly revision: number;
  readonly epoch: number;
  readonly digest: string;
  readonly objectCount: number;
  readonly tombstoneCount: number;
  readonly cause: readonly { readonly action: string; readonly policyId?: string; readonly version?: number | null; readonly actor?: string }[];
  readonly createdAt: Date;
  /** Who has what of the objects that several policies set labels and annotations of. */
  readonly shares: Shares;
}

const COLUMNS = `d.cluster_id as "clusterId", d.revision, d.epoch, d.digest, d.object_count as "objectCount",
  d.tombstone_count as "tombstoneCount", d.cause, d.created_at as "createdAt", d.shares`;

export interface DesiredStateKey {
  readonly clusterId: string;
  readonly revision: number;
}

/** In the order of the keys; undefined where there is none, or none any more. */
export async function findDesiredStates(sql: Sql, keys: readonly DesiredStateKey[]): Promise<(DesiredStateRow | undefined)[]> {
  const { rows } = await sql.query<DesiredStateRow>(
    `select ${COLUMNS} from unnest($1::uuid[], $2::bigint[]) as k (cluster_id, revision)
     join desired_state d on d.cluster_id = k.cluster_id and d.revision = k.revision`,
    [keys.map((key) => key.clusterId), keys.map((key) => key.revision)],
  );
  const found = new Map(rows.map((row) => [`${row.clusterId} ${row.revision}`, row]));
  return keys.map((key) => found.get(`${key.clusterId} ${key.revision}`));
}

/** The kept revision that came before each of these; undefined for the first. */
export async function findPreviousDesiredStates(sql: Sql, keys: readonly DesiredStateKey[]): Promise<(DesiredStateRow | undefined)[]> {
  const { rows } = await sql.query<DesiredStateRow & { place: number }>(
    `select k.place::int, x.* from unnest($1::uuid[], $2::bigint[]) with ordinality as k (cluster_id, revision, place)
     cross join lateral (select ${COLUMNS} from desired_state d
       where d.cluster_id = k.cluster_id and d.revision < k.revision order by d.revision desc limit 1) x`,
    [keys.map((key) => key.clusterId), keys.map((key) => key.revision)],
  );
  const found = new Map(rows.map((row) => [row.place, row]));
  return keys.map((_, index) => found.get(index + 1));
}

/** Desired states newest first; a page for each cluster. */
export function listDesiredStates(sql: Sql, clusterIds: readonly string[], page: Page): Promise<Slice<DesiredStateRow>[]> {
  const order = { columns: [{ sql: 'd.revision', type: 'bigint' as const }], descending: true };
  return readNestedPage(sql, clusterIds, { columns: COLUMNS, from: 'desired_state d', parent: 'd.cluster_id', order, conditions: [] }, page, new Values());
}
