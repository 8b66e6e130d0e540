import type { ReportedCondition } from '@meshfleet/protocol';
import type { Tx } from '../connection/sql.ts';
import { HUBS_OWN } from '../desired-state/write-policy-status.ts';
import type { JudgedReport } from './judge-report.ts';

interface ConditionRow extends ReportedCondition {
  readonly clusterId: string;
  readonly revision: number;
}

/**
 * Keeps a row for each object that is not as desired, or was put right lately. A full report clears what it does not name.
 * Conditions of policies that do not reach the cluster, or of what is another policy's by now, are dropped, and the hub's own verdicts are left alone.
 */
export function writeConditions(tx: Tx, news: readonly JudgedReport[]): void {
  const rows = news.flatMap(({ cluster, report }) => lastOfEach(report.conditions.items).map((item) => ({ ...item, clusterId: cluster.id, revision: report.revision })));
  const kept = rows.filter(({ status }) => status !== 'APPLIED' && status !== 'DELETED');
  const full = news.filter(({ report }) => report.conditions.full).map(({ cluster }) => cluster.id);
  if (full.length > 0) tx.send(CLEAR_UNNAMED, [tx.organizationId, full, ...columnsOf(kept)]);
  const cleared = rows.filter(({ status, clusterId }) => (status === 'APPLIED' || status === 'DELETED') && !full.includes(clusterId));
  if (cleared.length > 0) tx.send(CLEAR, [tx.organizationId, ...columnsOf(cleared)]);
  if (kept.length > 0) {
    tx.send(KEEP, [
      tx.organizationId,
      ...columnsOf(kept),
      kept.map(({ status }) => status),
      kept.map(({ reason }) => reason),
      kept.map(({ message }) => message),
      kept.map(({ manager }) => manager ?? null),
      kept.map(({ fields }) => JSON.stringify(fields ?? [])),
      kept.map(({ revision }) => revision),
      kept.map(({ observedAt }) => observedAt),
    ]);
  }
}

/** One statement cannot write a row twice: the last word on an object counts. */
function lastOfEach(items: readonly ReportedCondition[]): readonly ReportedCondition[] {
  return [...new Map(items.map((item) => [`${item.key} ${item.policyId}`, item])).values()];
}

function columnsOf(rows: readonly ConditionRow[]): readonly [string[], string[], string[]] {
  return [rows.map(({ clusterId }) => clusterId), rows.map(({ key }) => key), rows.map(({ policyId }) => policyId)];
}

const CLEAR = `
  delete from object_condition x using unnest($2::uuid[], $3::text[], $4::uuid[]) as w (cluster_id, object_key, policy_id)
  where x.organization_id = $1 and x.cluster_id = w.cluster_id and x.object_key = w.object_key and x.policy_id = w.policy_id
    and x.reason not ${HUBS_OWN}`;

const CLEAR_UNNAMED = `
  delete from object_condition x
  where x.organization_id = $1 and x.cluster_id = any($2::uuid[]) and x.reason not ${HUBS_OWN}
    and not exists (select from unnest($3::uuid[], $4::text[], $5::uuid[]) as w (cluster_id, object_key, policy_id)
      where x.cluster_id = w.cluster_id and x.object_key = w.object_key and x.policy_id = w.policy_id)`;

/** Of those who changed one object, so many are remembered. */
const MOST_CHANGERS = 5;

/**
 * Whether the cluster's desired state still says something of the object in the policy's name. A report that was on its way while that changed would
 * otherwise bring back what nobody ever clears.
 */
const IS_SPOKEN_OF = `exists (
    select from cluster c join desired_state_body b on b.organization_id = c.organization_id and b.digest = c.desired_digest
      cross join lateral jsonb_array_elements((b.body->'entries') || (b.body->'tombstones')) e
    where c.id = w.cluster_id and e.value->>'key' = w.object_key and (e.value->>'policyId' = w.policy_id::text or e.value->>'mode' = 'METADATA'))`;

const KEEP = `
  insert into object_condition as x (organization_id, cluster_id, object_key, policy_id, status, reason, message, manager, fields, revision, observed_at, changers)
  select $1, w.cluster_id, w.object_key, w.policy_id, w.status, w.reason, w.message, w.manager, w.fields::jsonb, w.revision, w.observed_at,
    case when w.status in ('DRIFTED', 'CORRECTED') and w.manager is not null then jsonb_build_array(jsonb_build_object('manager', w.manager, 'at', w.observed_at)) else '[]' end
  from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::timestamptz[])
    as w (cluster_id, object_key, policy_id, status, reason, message, manager, fields, revision, observed_at)
  join policy_cluster p on p.organization_id = $1 and p.cluster_id = w.cluster_id and p.policy_id = w.policy_id
  where p.revision <= w.revision or ${IS_SPOKEN_OF}
  on conflict (cluster_id, object_key, policy_id) do update set status = excluded.status, reason = excluded.reason,
    message = excluded.message, manager = excluded.manager, fields = excluded.fields, revision = excluded.revision,
    observed_at = excluded.observed_at, changers = case
      when excluded.changers = '[]' or x.changers @> excluded.changers then x.changers
      else (select jsonb_agg(e.value order by e.place) from jsonb_array_elements(excluded.changers || x.changers) with ordinality as e (value, place) where e.place <= ${MOST_CHANGERS}) end
  where x.reason not ${HUBS_OWN}`;
