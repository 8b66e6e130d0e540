import type { Sql } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import type { Page, Slice } from '../paging/keyset.ts';
import { countNested, readNestedPage } from '../paging/nested-page.ts';

export interface ObjectConditionRow {
  readonly key: string;
  readonly clusterId: string;
  readonly policyId: string;
  readonly status: 'FAILED' | 'DRIFTED' | 'CORRECTED' | 'UNHEALTHY';
  readonly reason: string;
  readonly message: string;
  readonly manager: string | null;
  readonly fields: readonly string[];
  readonly observedAt: Date;
  /** The last who changed the object while it was drifted or put right, the newest first; `at` in ISO 8601. */
  readonly changers: readonly { readonly manager: string; readonly at: string }[];
}

const COLUMNS = `oc.object_key as key, oc.cluster_id as "clusterId", oc.policy_id as "policyId", oc.status, oc.reason, oc.message,
  oc.manager, oc.fields, oc.observed_at as "observedAt", oc.changers`;
const FROM = { from: 'object_condition oc', parent: 'oc.cluster_id', conditions: [] };

/** Objects that are not as they should be or were put right, by key; a page for each cluster. */
export function listConditions(sql: Sql, clusterIds: readonly string[], page: Page): Promise<Slice<ObjectConditionRow>[]> {
  const order = { columns: [{ sql: 'oc.object_key', type: 'text' as const }, { sql: 'oc.policy_id', type: 'uuid' as const }] };
  return readNestedPage(sql, clusterIds, { ...FROM, columns: COLUMNS, order }, page, new Values());
}

/** How many conditions each cluster has, in the order of the clusters. */
export function countConditions(sql: Sql, clusterIds: readonly string[]): Promise<number[]> {
  return countNested(sql, clusterIds, FROM, new Values());
}

export interface PolicyInCluster {
  readonly policyId: string;
  readonly clusterId: string;
}

/** At most so many conditions are shown of one policy in one cluster. */
const MOST_OF_ONE = 100;

/** Conditions of policies in clusters, in the order of the pairs. */
export async function conditionsOfPairs(sql: Sql, pairs: readonly PolicyInCluster[]): Promise<ObjectConditionRow[][]> {
  const { rows } = await sql.query<ObjectConditionRow & { place: number }>(
    `select pair.place::int, x.* from unnest($1::uuid[], $2::uuid[]) with ordinality as pair (policy_id, cluster_id, place)
     cross join lateral (select ${COLUMNS} from object_condition oc
       where oc.cluster_id = pair.cluster_id and oc.policy_id = pair.policy_id order by oc.object_key limit ${MOST_OF_ONE}) x
     order by pair.place, x.key`,
    [pairs.map((pair) => pair.policyId), pairs.map((pair) => pair.clusterId)],
  );
  const groups = Map.groupBy(rows, (row) => row.place);
  return pairs.map((_, index) => groups.get(index + 1) ?? []);
}
