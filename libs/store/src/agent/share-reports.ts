import { isMetadataKey } from '@meshfleet/model';
import type { Shares } from '@meshfleet/planner';
import type { ReportedCondition } from '@meshfleet/protocol';
import type { Tx } from '../connection/sql.ts';
import { concernedShares, delaysWithdrawal, sharesOfKey } from '../desired-state/concerned-shares.ts';
import type { JudgedReport } from './judge-report.ts';

/**
 * Says of every policy that shares an object what agents say of it, who know of one: in whose name the object is applied. To
 * those whom it is not about the object is as desired. A policy that is being withdrawn from it is told what keeps its labels there. Reports that speak of
 * no such object cost nothing.
 */
export async function shareReports(tx: Tx, reports: readonly JudgedReport[]): Promise<readonly JudgedReport[]> {
  const speaking = reports.filter(({ report }) => report.conditions.items.some(({ key }) => isMetadataKey(key))).map(({ cluster }) => cluster.id);
  if (speaking.length === 0) return reports;
  const { rows } = await tx.query<{ id: string; shares: Shares }>(SHARES, [tx.organizationId, speaking]);
  const sharesOf = new Map(rows.map(({ id, shares }) => [id, shares]));
  const leavers = Map.groupBy((await tx.query<Leaver>(LEAVERS, [tx.organizationId, speaking])).rows, ({ clusterId }) => clusterId);
  return reports.map((judged) => {
    const shares = sharesOf.get(judged.cluster.id) ?? [];
    const leaving = leavers.get(judged.cluster.id) ?? [];
    if (shares.length + leaving.length === 0) return judged;
    const { conditions } = judged.report;
    return { ...judged, report: { ...judged.report, conditions: { ...conditions, items: conditions.items.flatMap((item) => [...shared(shares, item), ...leavingOf(leaving, item)]) } } };
  });
}

/** A policy that is being withdrawn, and an object that it set labels or annotations of with others. */
interface Leaver {
  readonly clusterId: string;
  readonly policyId: string;
  readonly key: string;
}

function leavingOf(leaving: readonly Leaver[], item: ReportedCondition): ReportedCondition[] {
  if (!isMetadataKey(item.key)) return [];
  const { key, observedAt, fields: _fields, ...said } = item;
  return leaving
    .filter((leaver) => leaver.key === key && leaver.policyId !== item.policyId)
    .map(({ policyId }): ReportedCondition => (delaysWithdrawal(item) ? { ...said, key, observedAt, policyId } : { key, policyId, observedAt, status: 'APPLIED', reason: 'Applied', message: '' }));
}

function shared(shares: Shares, item: ReportedCondition): ReportedCondition[] {
  const sharers = sharesOfKey(shares, item.key);
  // A withdrawal, or what an agent says in the name of who had the object before, is that policy's alone.
  if (sharers?.[0]?.policyId !== item.policyId) return [item];
  const concerned = new Map(concernedShares(sharers, { fields: item.fields ?? [] }).map(({ policyId, fields }) => [policyId, fields]));
  const { key, observedAt } = item;
  return sharers.map(({ policyId }): ReportedCondition => {
    const fields = concerned.get(policyId);
    if (fields === undefined) return { key, policyId, observedAt, status: 'APPLIED', reason: 'Applied', message: '' };
    return { ...item, policyId, ...(item.fields === undefined ? {} : { fields: [...fields] }) };
  });
}

// What it shared before the revision that lets it go, and whatever has been said of it since.
const LEAVERS = `
  select p.cluster_id as "clusterId", p.policy_id as "policyId", k.key
  from policy_cluster p cross join lateral (
    select s.value->>0 as key from desired_state d cross join lateral jsonb_array_elements(d.shares) s
    where d.cluster_id = p.cluster_id and d.revision = p.revision - 1 and s.value->1 @> jsonb_build_array(jsonb_build_object('policyId', p.policy_id))
    union select x.object_key from object_condition x where x.cluster_id = p.cluster_id and x.policy_id = p.policy_id) k
  where p.organization_id = $1 and p.cluster_id = any($2::uuid[]) and p.version is null`;

// One look into an index for each cluster, whatever Postgres makes of the sizes.
const SHARES = `
  select w.id, d.shares from unnest($2::uuid[]) as w (id)
  cross join lateral (select desired_revision from cluster x where x.id = w.id and x.organization_id = $1 offset 0) c
  cross join lateral (select shares from desired_state y where y.cluster_id = w.id and y.revision = c.desired_revision offset 0) d
  where d.shares <> '[]'`;
