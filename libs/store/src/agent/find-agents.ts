import type { OrganizationMode, SignJwk } from '@meshfleet/protocol';
import { isTaskDue } from '../agent-task/answer-agent-task.ts';
import { isOffline } from '../cluster/cluster-row.ts';
import type { ClusterLifecycle } from '../cluster/cluster-row.ts';
import type { Tx } from '../connection/sql.ts';
import { announceChanged } from '../desired-state/announce.ts';

/** One cluster as the agent gateway sees it: its key, whether it may speak, and what it should hold. */
export interface AgentRow {
  readonly id: string;
  readonly name: string;
  readonly lifecycle: ClusterLifecycle;
  readonly signKid: string;
  readonly signJwk: SignJwk;
  readonly epoch: number;
  readonly mode: OrganizationMode;
  /** 0 before the first desired state. */
  readonly desiredRevision: number;
  readonly desiredDigest: string | null;
  readonly approvedDeletions: number;
  /** Somebody waits for answers of this agent. */
  readonly hasTasks: boolean;
  /** The database's clock, which orders what all processes say. */
  readonly now: Date;
}

/** The clusters with these ids, as they are now. Unknown ids, and those of other organizations, are left out. */
export async function findAgents(tx: Tx, clusterIds: readonly string[]): Promise<readonly AgentRow[]> {
  const { rows } = await tx.query<AgentRow>(FIND, [tx.organizationId, clusterIds]);
  return rows;
}

/**
 * Notes that agents were there, and tells how their clusters stand: the heartbeat of a whole organization in one
 * statement. Whoever looks at a cluster that was away is told. Evicted clusters are left alone.
 */
export async function touchAgents(tx: Tx, clusterIds: readonly string[]): Promise<readonly AgentRow[]> {
  const back = await tx.query<{ id: string }>(TOUCH, [tx.organizationId, clusterIds]);
  announceChanged(tx, { clusterIds: back.rows.map(({ id }) => id), policyIds: [] });
  return await findAgents(tx, clusterIds);
}

/** Those of the clusters that have not said that they hold what is desired. */
export async function findUnacknowledged(tx: Tx, clusterIds: readonly string[]): Promise<readonly string[]> {
  const { rows } = await tx.query<{ id: string }>(`select id from cluster where organization_id = $1 and id = any($2::uuid[]) and acked_revision is distinct from desired_revision`, [tx.organizationId, clusterIds]);
  return rows.map(({ id }) => id);
}

const FIND = `
  select c.id, c.name, c.lifecycle, c.sign_kid as "signKid", c.sign_public_jwk as "signJwk", o.epoch, o.mode,
    c.desired_revision as "desiredRevision", c.desired_digest as "desiredDigest",
    c.approved_deletions as "approvedDeletions", clock_timestamp() as now,
    exists (select from agent_task t where t.organization_id = $1 and t.cluster_id = c.id and ${isTaskDue('t')}) as "hasTasks"
  from cluster c join organization o on o.id = c.organization_id
  where c.organization_id = $1 and c.id = any($2::uuid[])`;

// Locked in the order of ids, as every writer of clusters does; rows that somebody else is writing are seen anyway.
const TOUCH = `
  with present as (
    select id, last_seen_at from cluster where organization_id = $1 and id = any($2::uuid[]) and lifecycle <> 'EVICTED'
    order by id for no key update skip locked
  ), touched as (
    update cluster c set last_seen_at = now() from present p where c.id = p.id
  )
  select id from present where ${isOffline('last_seen_at')}`;
