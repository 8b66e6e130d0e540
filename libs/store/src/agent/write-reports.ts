import type { Report } from '@meshfleet/protocol';
import { isOffline } from '../cluster/cluster-row.ts';
import type { Tx } from '../connection/sql.ts';
import { announceChanged } from '../desired-state/announce.ts';
import { AGENT_FEATURES_OF } from '../desired-state/load-clusters.ts';
import { withholdAgain } from '../assignment/renew-entries.ts';
import { enqueue } from '../outbox/enqueue.ts';
import { judgeReport } from './judge-report.ts';
import { findUnknownSchemas } from './kind-schemas.ts';
import type { JudgedReport, ReportedCluster } from './judge-report.ts';
import { shareReports } from './share-reports.ts';
import { writeConditions } from './write-conditions.ts';
import { writeInventory } from './write-inventory.ts';
import { advancePolicyStatus } from './advance-policy-status.ts';

export interface ClusterReport {
  readonly clusterId: string;
  readonly report: Report;
}

export interface ReportAnswer {
  /** Highest sequence taken of this cluster. */
  readonly seq: number;
  readonly resyncInventory: boolean;
  /** Digests of schemas that the cluster serves and that nobody has sent yet. */
  readonly wantSchemas?: readonly string[];
}

/**
 * Takes the reports of many agents of one organization in a handful of statements, whatever their number. At most one
 * report per cluster. A report that was taken before, or comes late, changes nothing and is answered with the sequence
 * that was taken. Clusters without an answer may not report (any more).
 */
export async function writeReports(tx: Tx, reports: readonly ClusterReport[]): Promise<ReadonlyMap<string, ReportAnswer>> {
  const { rows } = await tx.query<ReportedCluster>(LOCK, [tx.organizationId, reports.map(({ clusterId }) => clusterId)]);
  const clusters = new Map(rows.map((row) => [row.id, row]));
  const judged = reports.flatMap(({ clusterId, report }) => {
    const cluster = clusters.get(clusterId);
    return cluster === undefined ? [] : [judgeReport(cluster, report)];
  });
  const news = judged.filter(({ isNew }) => isNew);
  const reserved = await noteSchemas(tx, news);
  if (news.length > 0) await write(tx, news);
  return new Map(
    judged.map(({ cluster, seq, resyncInventory, report, isNew }) => {
      const wanted = isNew ? Object.values(report.facts?.kindSchemas ?? {}).filter((digest) => reserved.has(digest)) : [];
      return [cluster.id, { seq, resyncInventory, ...(wanted.length === 0 ? {} : { wantSchemas: [...new Set(wanted)] }) }];
    }),
  );
}

/** Which schemas nobody knows yet; and has policies looked at again in clusters whose API servers judge otherwise than before. */
async function noteSchemas(tx: Tx, news: readonly JudgedReport[]): Promise<ReadonlySet<string>> {
  const told = news.filter(({ report }) => report.facts?.kindSchemas !== undefined);
  if (told.length === 0) return NO_DIGESTS;
  const { rows } = await tx.query<{ id: string }>(CHANGED_SCHEMAS, [
    tx.organizationId,
    told.map(({ cluster }) => cluster.id),
    told.map(({ report }) => JSON.stringify(report.facts?.kindSchemas)),
  ]);
  const changed = new Set(rows.map(({ id }) => id));
  for (const { cluster } of told.filter((each) => changed.has(each.cluster.id))) {
    await enqueue(tx, 'cluster.changed', { clusterId: cluster.id, reason: 'LABELS', actor: `agent:${cluster.name}` });
  }
  return new Set(await findUnknownSchemas(tx, [...new Set(told.flatMap(({ report }) => Object.values(report.facts?.kindSchemas ?? {})))]));
}

const NO_DIGESTS: ReadonlySet<string> = new Set();
// The first word of an agent changes nothing: what was compiled before was checked against the schemas that are known.
const CHANGED_SCHEMAS = `
  select c.id from unnest($2::uuid[], $3::text[]) as w (id, schemas) join cluster c on c.id = w.id
  where c.organization_id = $1 and c.facts ? 'kindSchemas' and c.facts->'kindSchemas' is distinct from w.schemas::jsonb`;

async function write(tx: Tx, told: readonly JudgedReport[]): Promise<void> {
  const news = await shareReports(tx, told);
  advanceClusters(tx, news);
  writeInventory(tx, news);
  writeConditions(tx, news);
  const older = news.filter(({ losesFeatures }) => losesFeatures).map(({ cluster }) => cluster.id);
  if (older.length > 0) withholdAgain(tx, older);
  for (const { cluster } of news.filter(({ movedTo, changesFeatures }) => movedTo !== undefined || changesFeatures)) {
    await enqueue(tx, 'cluster.changed', { clusterId: cluster.id, reason: 'LABELS', actor: `agent:${cluster.name}` });
  }
  const touched = news.filter(({ changesStatus }) => changesStatus).map(({ cluster }) => cluster.id);
  const moved = touched.length === 0 ? NOTHING : await advancePolicyStatus(tx, touched, [...new Set(news.flatMap(({ report }) => report.conditions.items.map(({ policyId }) => policyId)))]);
  const inventoried = news.filter(({ takesInventory }) => takesInventory).map(({ cluster }) => cluster.id);
  if (inventoried.length > 0) tx.send(WAKE_WATCHERS, [tx.organizationId, inventoried]);
  for (const rolloutId of moved.rolloutIds) await enqueue(tx, 'rollout.changed', { rolloutId });
  announceChanged(tx, {
    clusterIds: news.filter(({ isVisible }) => isVisible).map(({ cluster }) => cluster.id),
    policyIds: [...new Set([...moved.policyIds, ...policiesSpokenOf(news)])],
  });
}

// Rollouts that compare findings in these clusters. Nobody is told: the relay finds the row at its next look.
const WAKE_WATCHERS = `
  insert into outbox (organization_id, topic, payload)
  select distinct $1::uuid, 'rollout.changed', jsonb_build_object('rolloutId', r.id)
  from unnest($2::uuid[]) as c (id) join rollout_cluster k on k.cluster_id = c.id join rollout r on r.id = k.rollout_id
  where k.organization_id = $1 and k.baseline is not null and r.active`;

const NOTHING = { policyIds: [], rolloutIds: [] };

/** Policies with an object that is not as desired: what is said of it may be new though the status stays. */
function policiesSpokenOf(news: readonly JudgedReport[]): readonly string[] {
  return news.flatMap(({ report }) => report.conditions.items.filter(({ status }) => status !== 'APPLIED' && status !== 'DELETED').map(({ policyId }) => policyId));
}

function advanceClusters(tx: Tx, news: readonly JudgedReport[]): void {
  tx.send(ADVANCE, [
    tx.organizationId,
    news.map(({ cluster }) => cluster.id),
    news.map(({ seq }) => seq),
    news.map(({ acknowledged }) => acknowledged),
    news.map(({ report }) => report.epoch),
    news.map(({ report }) => report.revision),
    news.map(({ report }) => report.digest ?? null),
    news.map(({ inventorySeq }) => inventorySeq),
    news.map(({ report }) => (report.facts === undefined ? null : JSON.stringify(report.facts))),
    news.map(({ report }) => report.facts?.kubernetesVersion ?? null),
    news.map(({ report }) => report.facts?.nodeCount ?? null),
    news.map(({ movedTo }) => movedTo?.region ?? null),
    news.map(({ movedTo }) => movedTo?.zone ?? null),
    news.map(({ report }) => report.facts?.agentVersion ?? null),
    news.map(({ takesInventory, report }) => (takesInventory ? (report.inventory?.asOf ?? 0) : 0)),
  ]);
}

// In the order of ids, as the compiler and the heartbeat lock them.
const LOCK = `
  select c.id, c.name, c.report_seq as "reportSeq", c.inventory_seq as "inventorySeq", c.desired_revision as "desiredRevision",
    c.desired_digest as "desiredDigest", c.acked_epoch as "ackedEpoch", c.acked_revision as "ackedRevision",
    c.region, c.zone, ${isOffline('c.last_seen_at')} as "wasAway", o.epoch,
    ${AGENT_FEATURES_OF}
  from cluster c join organization o on o.id = c.organization_id
  where c.organization_id = $1 and c.id = any($2::uuid[]) and c.lifecycle = 'ACTIVE'
  order by c.id for no key update of c`;

const ADVANCE = `
  with advanced as (update cluster c set report_seq = w.seq, last_seen_at = now(), inventory_seq = w.inventory_seq,
    inventoried_revision = greatest(c.inventoried_revision, least(w.as_of, c.acked_revision)),
    acked_epoch = case when w.acknowledged then w.epoch else c.acked_epoch end,
    acked_revision = case when w.acknowledged then w.revision else c.acked_revision end,
    acked_digest = case when w.acknowledged then w.digest else c.acked_digest end,
    acked_at = case when w.acknowledged and (c.acked_epoch, c.acked_revision) is distinct from (w.epoch, w.revision) then now() else c.acked_at end,
    facts = coalesce(w.facts::jsonb, c.facts),
    kubernetes_version = coalesce(w.kubernetes_version, c.kubernetes_version),
    node_count = coalesce(w.node_count, c.node_count),
    agent_version = coalesce(w.agent_version, c.agent_version),
    region = coalesce(c.region, w.region), zone = coalesce(c.zone, w.zone)
  from unnest($2::uuid[], $3::bigint[], $4::boolean[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[], $9::text[], $10::text[],
    $11::int[], $12::text[], $13::text[], $14::text[], $15::bigint[])
    as w (id, seq, acknowledged, epoch, revision, digest, inventory_seq, facts, kubernetes_version, node_count, region, zone, agent_version, as_of)
  where c.organization_id = $1 and c.id = w.id
  returning c.id, c.acked_revision, w.acknowledged)
  update desired_state d set acked_at = now() from advanced a
  where a.acknowledged and d.cluster_id = a.id and d.revision = a.acked_revision and d.acked_at is null`;
