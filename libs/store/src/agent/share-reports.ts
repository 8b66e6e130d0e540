import { isMetadataKind, parseObjectKey } from '@meshfleet/model';
import type { Shares } from '@meshfleet/planner';
import type { ReportedCondition } from '@meshfleet/protocol';
import type { Tx } from '../connection/sql.ts';
import { concernedShares, sharesOfKey } from '../desired-state/concerned-shares.ts';
import type { JudgedReport } from './judge-report.ts';

/**
 * Says of every policy that shares an object what agents say of it, who know of one: in whose name the object is applied. To
 * those whom it is not about the object is as desired. Reports that speak of no such object cost nothing.
 */
export async function shareReports(tx: Tx, reports: readonly JudgedReport[]): Promise<readonly JudgedReport[]> {
  const speaking = reports.filter(({ report }) => report.conditions.items.some(isOfMetadata)).map(({ cluster }) => cluster.id);
  if (speaking.length === 0) return reports;
  const { rows } = await tx.query<{ id: string; shares: Shares }>(SHARES, [tx.organizationId, speaking]);
  const sharesOf = new Map(rows.map(({ id, shares }) => [id, shares]));
  return reports.map((judged) => {
    const shares = sharesOf.get(judged.cluster.id);
    if (shares === undefined) return judged;
    const { conditions } = judged.report;
    return { ...judged, report: { ...judged.report, conditions: { ...conditions, items: conditions.items.flatMap((item) => shared(shares, item)) } } };
  });
}

function isOfMetadata({ key }: ReportedCondition): boolean {
  const parsed = parseObjectKey(key);
  return parsed !== undefined && isMetadataKind(parsed.group, parsed.kind);
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

// One look into an index for each cluster, whatever Postgres makes of the sizes.
const SHARES = `
  select w.id, d.shares from unnest($2::uuid[]) as w (id)
  cross join lateral (select desired_revision from cluster x where x.id = w.id and x.organization_id = $1 offset 0) c
  cross join lateral (select shares from desired_state y where y.cluster_id = w.id and y.revision = c.desired_revision offset 0) d
  where d.shares <> '[]'`;
