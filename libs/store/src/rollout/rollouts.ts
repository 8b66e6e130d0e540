import type { ClusterPhase, FailureGate, RolloutCluster, RolloutEventKind, RolloutStatus } from '@meshfleet/planner';
import type { Sql, Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { keyset, slice } from '../paging/keyset.ts';
import type { Order, Page, Slice } from '../paging/keyset.ts';
import { countNested, readNestedPage } from '../paging/nested-page.ts';
import { ROLLOUT_COLUMNS, readRollout } from './rollout-row.ts';
import type { RolloutRow, StoredRollout } from './rollout-row.ts';

const NEWEST: Order = { columns: [{ sql: 'r.id', type: 'uuid' }], descending: true };

export interface RolloutFilter {
  readonly status?: readonly RolloutStatus[];
}

/** Rollouts by id, ended ones too. */
export async function findRollouts(sql: Sql, ids: readonly string[]): Promise<RolloutRow[]> {
  const { rows } = await sql.query<StoredRollout>(`select ${ROLLOUT_COLUMNS} from rollout r where r.id = any($1::uuid[])`, [ids]);
  return rows.map(readRollout);
}

/** The rollout that is under way of each policy. */
export async function findActiveRollouts(sql: Sql, policyIds: readonly string[]): Promise<(RolloutRow | undefined)[]> {
  const { rows } = await sql.query<StoredRollout>(`select ${ROLLOUT_COLUMNS} from rollout r where r.policy_id = any($1::uuid[]) and r.active`, [policyIds]);
  const found = new Map(rows.map((row) => [row.policyId, readRollout(row)]));
  return policyIds.map((id) => found.get(id));
}

/** The organization's rollouts, newest first. */
export async function listRollouts(tx: Tx, filter: RolloutFilter, page: Page): Promise<Slice<RolloutRow>> {
  const values = new Values([tx.organizationId]);
  const filters = ['r.organization_id = $1', ...conditionsOf(filter, values)];
  const { conditions, tail } = keyset(NEWEST, page, values);
  const { rows } = await tx.query<StoredRollout>(`select ${ROLLOUT_COLUMNS} from rollout r where ${[...filters, ...conditions].join(' and ')} ${tail}`, values.list);
  return slice(rows.map(readRollout), page);
}

export async function countRollouts(tx: Tx, filter: RolloutFilter): Promise<number> {
  const values = new Values([tx.organizationId]);
  const { rows } = await tx.query<{ count: number }>(`select count(*) as count from rollout r where ${['r.organization_id = $1', ...conditionsOf(filter, values)].join(' and ')}`, values.list);
  return rows[0]?.count ?? 0;
}

/** Rollouts of each policy, newest first. */
export async function listRolloutsOfPolicies(sql: Sql, policyIds: readonly string[], page: Page): Promise<Slice<RolloutRow>[]> {
  const list = { columns: ROLLOUT_COLUMNS, from: 'rollout r', parent: 'r.policy_id', order: NEWEST, conditions: [] };
  const slices = await readNestedPage<StoredRollout>(sql, policyIds, list, page, new Values());
  return slices.map((each) => ({ ...each, rows: each.rows.map(readRollout) }));
}

function conditionsOf({ status }: RolloutFilter, values: Values): string[] {
  return status === undefined ? [] : [`r.status = any(${values.add(status)}::text[])`];
}

/** A cluster of a rollout as it is shown. */
export interface RolloutClusterRow {
  readonly rolloutId: string;
  readonly clusterId: string;
  readonly name: string;
  readonly wave: number;
  readonly phase: ClusterPhase;
  readonly because: string;
  readonly heldVersion: number | null;
  readonly targetVersion: number | null;
  readonly reason: string | null;
  readonly accepted: boolean;
  readonly toldAt: Date | null;
  readonly settledAt: Date | null;
}

export interface RolloutClusterFilter {
  readonly wave?: number;
  readonly phase?: readonly ClusterPhase[];
}

/** Clusters of each rollout, in the order of the waves, then by name. */
export function listClustersOfRollouts(sql: Sql, rolloutIds: readonly string[], filter: RolloutClusterFilter, page: Page): Promise<Slice<RolloutClusterRow>[]> {
  const values = new Values();
  const columns = `k.rollout_id as "rolloutId", k.cluster_id as "clusterId", c.name, k.wave, k.phase, k.because, k.held_version as "heldVersion",
    k.target_version as "targetVersion", k.reason, k.accepted, k.told_at as "toldAt", k.settled_at as "settledAt"`;
  const order: Order = { columns: [{ sql: 'k.wave', type: 'int' }, { sql: 'c.name', type: 'text' }, { sql: 'c.id', type: 'uuid' }] };
  const list = { columns, from: 'rollout_cluster k join cluster c on c.id = k.cluster_id', parent: 'k.rollout_id', order, conditions: clusterConditions(filter, values) };
  return readNestedPage(sql, rolloutIds, list, page, values);
}

export function countClustersOfRollouts(sql: Sql, rolloutIds: readonly string[], filter: RolloutClusterFilter): Promise<number[]> {
  const values = new Values();
  return countNested(sql, rolloutIds, { from: 'rollout_cluster k', parent: 'k.rollout_id', conditions: clusterConditions(filter, values) }, values);
}

function clusterConditions({ wave, phase }: RolloutClusterFilter, values: Values): string[] {
  return [...(wave === undefined ? [] : [`k.wave = ${values.add(wave)}::int`]), ...(phase === undefined ? [] : [`k.phase = any(${values.add(phase)}::text[])`])];
}

/** Clusters of one wave in one phase that are held up by one gate, or by none, with a few of the reasons. */
export interface RolloutTally {
  readonly wave: number;
  readonly phase: ClusterPhase;
  readonly gate: FailureGate | null;
  readonly count: number;
  readonly reasons: readonly string[];
}

/** How many clusters of each wave are in each phase, and at which gate, for each rollout. */
export async function tallyRollouts(sql: Sql, rolloutIds: readonly string[]): Promise<RolloutTally[][]> {
  const { rows } = await sql.query<RolloutTally & { rolloutId: string }>(
    `select k.rollout_id as "rolloutId", k.wave, k.phase, k.gate, count(*) as count,
       coalesce((array_agg(c.name || ': ' || k.reason order by c.name) filter (where k.reason is not null))[1:3], '{}') as reasons
     from rollout_cluster k join cluster c on c.id = k.cluster_id where k.rollout_id = any($1::uuid[]) group by 1, 2, 3, 4 order by 2, 3, 4`,
    [rolloutIds],
  );
  const found = Map.groupBy(rows, (row) => row.rolloutId);
  return rolloutIds.map((id) => (found.get(id) ?? []).map(({ wave, phase, gate, count, reasons }) => ({ wave, phase, gate, count, reasons })));
}

/** What a forecast looks at: the clusters of the wave that is under way and of the one before, for each rollout. */
export async function pacesOfRollouts(sql: Sql, rolloutIds: readonly string[]): Promise<RolloutCluster[][]> {
  const { rows } = await sql.query<{ rolloutId: string; id: string; wave: number; phase: ClusterPhase; toldAt: Date | null; settledAt: Date | null }>(
    `select k.rollout_id as "rolloutId", k.cluster_id as id, k.wave, k.phase, k.told_at as "toldAt", k.settled_at as "settledAt"
     from rollout_cluster k join rollout r on r.id = k.rollout_id
     where r.id = any($1::uuid[]) and r.active and k.wave between (r.state->>'wave')::int - 1 and (r.state->>'wave')::int`,
    [rolloutIds],
  );
  const found = Map.groupBy(rows, (row) => row.rolloutId);
  return rolloutIds.map((rolloutId) =>
    (found.get(rolloutId) ?? []).map(({ id, wave, phase, toldAt, settledAt }) => ({
      id,
      name: id,
      wave,
      phase,
      toldAt: toldAt?.getTime() ?? null,
      settledAt: settledAt?.getTime() ?? null,
      waitingSince: null,
      failingSince: null,
      reason: null,
      gate: null,
      accepted: false,
    })),
  );
}

export interface RolloutEventRow {
  readonly id: number;
  readonly rolloutId: string;
  readonly at: Date;
  readonly kind: RolloutEventKind;
  readonly message: string;
  readonly wave: number | null;
  readonly actor: string | null;
}

/** What happened in each rollout, newest first. */
export function listEventsOfRollouts(sql: Sql, rolloutIds: readonly string[], page: Page): Promise<Slice<RolloutEventRow>[]> {
  const order: Order = { columns: [{ sql: 'e.id', type: 'bigint' }], descending: true };
  const columns = 'e.id, e.rollout_id as "rolloutId", e.at, e.kind, e.message, e.wave, e.actor';
  return readNestedPage(sql, rolloutIds, { columns, from: 'rollout_event e', parent: 'e.rollout_id', order, conditions: [] }, page, new Values());
}
