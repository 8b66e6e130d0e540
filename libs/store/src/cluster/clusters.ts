import type { LabelSelector } from '@meshfleet/model';
import type { Placement, RenderedCluster } from '@meshfleet/planner';
import { selectClusters, type PlacedSubject } from '../assignment/select-clusters.ts';
import type { Sql, Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { keyset, slice, type Order, type Page, type Slice } from '../paging/keyset.ts';
import { CLUSTER_COLUMNS, CLUSTER_STATUS, type ClusterRow, type ClusterStatus } from './cluster-row.ts';
import { labelConditions } from './label-conditions.ts';

export interface ClusterFilter {
  readonly labels?: LabelSelector;
  readonly status?: readonly ClusterStatus[];
  /** Part of the name, region, zone or network; letters' case does not matter. */
  readonly text?: string;
}

const BY_NAME: Order = { columns: [{ sql: 'c.name', type: 'text' }, { sql: 'c.id', type: 'uuid' }] };

/** A page of the organization's clusters by name. */
export async function listClusters(tx: Tx, filter: ClusterFilter, page: Page): Promise<Slice<ClusterRow>> {
  const values = new Values();
  const filters = conditionsOf(tx, filter, values);
  const { conditions, tail } = keyset(BY_NAME, page, values);
  const { rows } = await tx.query<ClusterRow>(
    `select ${CLUSTER_COLUMNS} from cluster c where ${[...filters, ...conditions].join(' and ')} ${tail}`,
    values.list,
  );
  return slice(rows, page);
}

/** How many clusters a filter finds, whatever the page. */
export async function countClusters(tx: Tx, filter: ClusterFilter): Promise<number> {
  const values = new Values();
  const { rows } = await tx.query<{ count: number }>(
    `select count(*) as count from cluster c where ${conditionsOf(tx, filter, values).join(' and ')}`,
    values.list,
  );
  return rows[0]?.count ?? 0;
}

/** Clusters by id, in no order; unknown ids and those of other organizations are left out. */
export async function findClusters(sql: Sql, ids: readonly string[]): Promise<ClusterRow[]> {
  const { rows } = await sql.query<ClusterRow>(`select ${CLUSTER_COLUMNS} from cluster c where c.id = any($1::uuid[])`, [ids]);
  return rows;
}

/** The organization's cluster of that name, in whatever state of its life. */
export async function findClusterByName(tx: Tx, name: string): Promise<ClusterRow | undefined> {
  const { rows } = await tx.query<ClusterRow>(`select ${CLUSTER_COLUMNS} from cluster c where c.organization_id = $1 and c.name = $2`, [
    tx.organizationId,
    name,
  ]);
  return rows[0];
}

/** Names of the organization's clusters among these. */
export async function existingClusterNames(tx: Tx, names: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>('select name from cluster where organization_id = $1 and name = any($2::text[])', [
    tx.organizationId,
    names,
  ]);
  return rows.map((row) => row.name);
}

/** The clusters that a placement selects now, as renderings see them: the first so many in the order of names. */
export async function findTargets(tx: Tx, placement: Placement, subject: PlacedSubject, limit: number): Promise<(RenderedCluster & { readonly id: string })[]> {
  const { text, values } = selectClusters(placement, subject, [tx.organizationId]);
  const { rows } = await tx.query<RenderedCluster & { id: string }>(
    `select c.id, c.uid, c.name, c.labels, c.region, c.zone, c.network, c.mesh, c.facts->'kindSchemas' as "kindSchemas" from cluster c where c.id in (${text}) order by c.name limit $${values.length + 1}`,
    [...values, limit],
  );
  return rows;
}

function conditionsOf(tx: Tx, filter: ClusterFilter, values: Values): string[] {
  const conditions = [`c.organization_id = ${values.add(tx.organizationId)}`];
  if (filter.labels !== undefined) conditions.push(...labelConditions(filter.labels, values));
  if (filter.status !== undefined) conditions.push(`${CLUSTER_STATUS} = any(${values.add(filter.status)}::text[])`);
  if (filter.text !== undefined && filter.text !== '') {
    const text = values.add(filter.text.toLowerCase());
    conditions.push(`(${['name', 'region', 'zone', 'network'].map((column) => `strpos(lower(c.${column}), ${text}) > 0`).join(' or ')})`);
  }
  return conditions;
}
