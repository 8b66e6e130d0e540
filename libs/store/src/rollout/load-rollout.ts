import { parseLabelSelector } from '@meshfleet/model';
import type { ClusterObservation, FreezeObservation, RolloutCluster, RolloutDefinition, RolloutObservation, RolloutState, WebhookAnswer } from '@meshfleet/planner';
import { lockPlacement } from '../assignment/lock-placement.ts';
import { labelConditions } from '../cluster/label-conditions.ts';
import type { Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { openFreezes } from './freezes.ts';
import { mayOverlap } from './object-overlap.ts';
import { loadRolloutClusters } from './rollout-clusters.ts';
import type { LoadedRolloutCluster } from './rollout-clusters.ts';
import { judgeLooks } from './rollout-findings.ts';
import type { ClusterLooks, JudgedClusters, JudgedFindings } from './rollout-findings.ts';
import { ROLLOUT_COLUMNS, readRollout, titleOf } from './rollout-row.ts';
import type { RolloutRow, StoredRollout } from './rollout-row.ts';

/** A rollout as a step needs it, its row and its policy's locked until the transaction ends. */
export interface LoadedRollout {
  readonly row: RolloutRow;
  readonly definition: RolloutDefinition;
  readonly state: RolloutState;
  readonly observation: RolloutObservation;
  /** Clusters that have to be looked at before this says anything. */
  readonly unseen: readonly string[];
}

/**
 * Locks a rollout for a step: placements of the organization first, then the policy, then the rollout, as everybody who
 * needs more than one of them does. Undefined when it is not there, and while the organization only observes: after a restore
 * agents carry nothing out, and their silence would be taken for failure.
 */
export async function lockRollout(tx: Tx, rolloutId: string): Promise<RolloutRow | undefined> {
  lockPlacement(tx);
  tx.send(`select from policy where organization_id = $1 and id = (select r.policy_id from rollout r where r.id = $2) for no key update`, [tx.organizationId, rolloutId]);
  return lockRolloutRow(tx, rolloutId, `and exists (select from organization o where o.id = r.organization_id and o.mode = 'ENFORCE')`);
}

/** The rollout alone, for a word by a person. Undefined when it is not there. */
export async function lockRolloutRow(tx: Tx, rolloutId: string, condition = ''): Promise<RolloutRow | undefined> {
  const { rows } = await tx.query<StoredRollout>(`select ${ROLLOUT_COLUMNS} from rollout r where r.organization_id = $1 and r.id = $2 ${condition} for no key update of r`, [tx.organizationId, rolloutId]);
  const [row] = rows;
  return row === undefined ? undefined : readRollout(row);
}

export function definitionOf(row: RolloutRow): RolloutDefinition {
  return { strategy: row.strategy, title: titleOf(row), createdBy: row.createdBy, mixed: row.mixed };
}

/** What is seen of a locked and planned rollout at this moment. */
export async function observeRollout(tx: Tx, row: RolloutRow, now: Date, { webhook, looks }: { readonly webhook?: WebhookAnswer; readonly looks?: ClusterLooks }): Promise<LoadedRollout> {
  const loaded = await loadRolloutClusters(tx, row, now);
  const clusters = loaded.map(({ cluster }) => cluster);
  // Whoever goes back asks nobody how it looks.
  const goesOn = row.state.abort === null && row.state.status !== 'ROLLING_BACK';
  const judged = looks === undefined || !goesOn ? NONE : judgeLooks(tx, row.id, loaded, looks);
  const observation: RolloutObservation = {
    now: now.getTime(),
    blockedBy: row.state.startedAt === null ? await blockerOf(tx, row) : null,
    clusters: new Map(loaded.flatMap((each) => (each.observation === undefined ? [] : [[each.cluster.id, withFindings(each, each.observation, judged.clusters.get(each.cluster.id))]]))),
    freezes: await freezesOf(tx, clusters, now),
    ...(webhook === undefined ? {} : { webhook }),
  };
  return { row, definition: definitionOf(row), state: { ...row.state, clusters }, observation, unseen: judged.unseen };
}

const NONE: JudgedClusters = { clusters: new Map(), unseen: [] };

/** What was looked at counts, not what has come since. */
function withFindings({ mustShow }: LoadedRolloutCluster, seen: ClusterObservation, findings: JudgedFindings | undefined): ClusterObservation {
  if (findings === undefined) return seen;
  const { found, unknown, shows } = findings;
  return { ...seen, newErrors: found, inventoried: mustShow === null || shows >= mustShow, ...(unknown === undefined ? {} : { unanalysed: unknown }) };
}

/** The rollout that has to end first: it may touch an object in a cluster that this one may touch too. */
async function blockerOf(tx: Tx, row: RolloutRow): Promise<string | null> {
  const { rows } = await tx.query<{ policyName: string; version: number | null }>(BLOCKER, [tx.organizationId, row.id, row.policyId]);
  const [blocker] = rows;
  return blocker === undefined ? null : titleOf(blocker);
}

async function freezesOf(tx: Tx, clusters: readonly RolloutCluster[], now: Date): Promise<FreezeObservation[]> {
  const freezes = await openFreezes(tx, now);
  const found: FreezeObservation[] = [];
  for (const { reason, endsAt, clusterSelector } of freezes) {
    const until = endsAt === null ? null : endsAt.getTime();
    if (clusterSelector === null || clusterSelector === '') found.push({ reason, until, clusters: 'ALL' });
    else found.push({ reason, until, clusters: await matching(tx, clusterSelector, clusters.map(({ id }) => id)) });
  }
  return found;
}

async function matching(tx: Tx, clusterSelector: string, clusterIds: readonly string[]): Promise<Set<string>> {
  const values = new Values([tx.organizationId, clusterIds]);
  const conditions = ['c.organization_id = $1', 'c.id = any($2::uuid[])', ...labelConditions(parseLabelSelector(clusterSelector), values)];
  const { rows } = await tx.query<{ id: string }>(`select c.id from cluster c where ${conditions.join(' and ')}`, values.list);
  return new Set(rows.map(({ id }) => id));
}

// Whoever has begun goes on, and of those that have not the older one begins: decided under the lock of placements. One
// that is not planned yet may reach any cluster.
const BLOCKER = `
  select p.name as "policyName", o.version
  from rollout o join policy p on p.id = o.policy_id join rollout mine on mine.id = $2
  where o.organization_id = $1 and o.active and o.policy_id <> $3 and (o.started_at is not null or o.id < mine.id)
    and ${mayOverlap('mine.object_keys', 'o.object_keys')}
    and (not o.planned or exists (
      select from rollout_cluster a join rollout_cluster b on b.cluster_id = a.cluster_id and b.rollout_id = $2 where a.rollout_id = o.id))
  order by o.started_at nulls last, o.id limit 1`;
