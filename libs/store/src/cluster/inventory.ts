import type { JsonObject } from '@meshfleet/model';
import type { Sql } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import type { Page, Slice } from '../paging/keyset.ts';
import { countNested, readNestedPage } from '../paging/nested-page.ts';

export interface InventoryRow {
  readonly key: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly body: JsonObject;
}

export interface InventoryFilter {
  readonly kind?: string;
  readonly namespace?: string;
}

const FROM = { from: 'inventory_item i', parent: 'i.cluster_id' };

/** What agents reported of their clusters, by key; a page for each cluster. */
export function listInventory(sql: Sql, clusterIds: readonly string[], filter: InventoryFilter, page: Page): Promise<Slice<InventoryRow>[]> {
  const values = new Values();
  const conditions = conditionsOf(filter, values);
  const columns = 'i.object_key as key, i.kind, i.namespace, i.name, i.body';
  return readNestedPage(sql, clusterIds, { ...FROM, columns, conditions, order: { columns: [{ sql: 'i.object_key', type: 'text' }] } }, page, values);
}

/** How many objects the filter finds in each cluster, in the order of the clusters. */
export function countInventory(sql: Sql, clusterIds: readonly string[], filter: InventoryFilter): Promise<number[]> {
  const values = new Values();
  return countNested(sql, clusterIds, { ...FROM, conditions: conditionsOf(filter, values) }, values);
}

function conditionsOf(filter: InventoryFilter, values: Values): string[] {
  return [
    ...(filter.kind === undefined ? [] : [`i.kind = ${values.add(filter.kind)}`]),
    ...(filter.namespace === undefined ? [] : [`i.namespace = ${values.add(filter.namespace)}`]),
  ];
}
