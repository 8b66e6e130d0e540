import type { Assignment, Patch, Residue, Shares, Variable } from '@meshfleet/planner';
import { UNCOMPILED_REVISION } from '@meshfleet/planner';
import type { DesiredState } from '@meshfleet/protocol';
import { planAfresh } from '../connection/plan-afresh.ts';
import type { Tx } from '../connection/sql.ts';
import { loadStates } from './contents.ts';

/** One cluster as its compilation needs it, its row locked until the transaction ends. */
export interface LoadedCluster {
  readonly id: string;
  readonly epoch: number;
  /** When it was read, by the clock of the database, which all processes share: decides what has expired. */
  readonly readAt: Date;
  /** 0 before the first desired state. Writing expects to find this revision still. */
  readonly revision: number;
  readonly digest: string | null;
  readonly ackedEpoch: number;
  readonly ackedRevision: number;
  /** Deletions beyond the guard that a person has approved. */
  readonly approvedDeletions: number;
  /** No revision has told the agent of them yet. */
  readonly approvalDue: boolean;
  /** What its agent says it understands beyond the first version of the protocol; null before its first facts. */
  readonly features: readonly string[] | null;
  readonly previous: { readonly state: DesiredState; readonly residue: Residue; readonly shares: Shares };
  readonly assignments: readonly LoadedAssignment[];
  /** Assignments and withdrawals that no revision carries yet. */
  readonly uncompiled: readonly UncompiledRow[];
  /** Version by policy, of every assignment and withdrawal, as it was read: placement may change it meanwhile. */
  readonly assignedVersions: ReadonlyMap<string, number | null>;
  /** Everything noted of its objects, by the agent and by the hub itself. */
  readonly conditions: readonly LoadedCondition[];
}

/** An assignment whose objects are templates of what the cluster gets, where `inputs` is not null. */
export interface LoadedAssignment extends Assignment {
  readonly inputs: readonly string[] | null;
  readonly variables: readonly Variable[];
  readonly patches: readonly Patch[];
}

export interface LoadedCondition {
  readonly key: string;
  readonly policyId: string;
  readonly status: 'FAILED' | 'DRIFTED' | 'CORRECTED' | 'UNHEALTHY';
  readonly reason: string;
  readonly message: string;
  readonly manager: string | null;
  readonly fields: readonly string[];
}

export interface UncompiledRow {
  readonly policyId: string;
  /** Null when the policy is being withdrawn. */
  readonly version: number | null;
  readonly createdBy: string | null;
}

interface ClusterRow {
  id: string;
  readAt: Date;
  epoch: number;
  revision: number;
  digest: string | null;
  ackedEpoch: number;
  ackedRevision: number;
  approvedDeletions: number;
  approvalDue: boolean;
  features: readonly string[] | null;
}

interface AssignmentRow {
  clusterId: string;
  policyId: string;
  version: number | null;
  uncompiled: boolean;
}

interface VersionRow extends Omit<LoadedAssignment, 'createdAt'> {
  createdAt: Date;
  createdBy: string;
}

interface HeldRow {
  id: string;
  residue: Residue;
  shares: Shares;
}

const EMPTY: DesiredState = { entries: [], tombstones: [] };

/**
 * Locks clusters in the order of their ids, then reads what their compilation needs. Assignments are read after the
 * lock: whatever another compilation of the same cluster saw is committed by then, so that no change falls between two.
 * Clusters that are not there, were evicted or wait for approval are left out.
 */
export function loadClusters(tx: Tx, clusterIds: readonly string[]): Promise<LoadedCluster[]> {
  return load(tx, clusterIds, LOCK);
}

/** {@link loadClusters} for those who only want to know what a compilation would make of them. */
export function readClusters(tx: Tx, clusterIds: readonly string[]): Promise<LoadedCluster[]> {
  return load(tx, clusterIds, READ);
}

async function load(tx: Tx, clusterIds: readonly string[], reading: string): Promise<LoadedCluster[]> {
  planAfresh(tx);
  const clusters = await tx.query<ClusterRow>(reading, [tx.organizationId, clusterIds]);
  const ids = clusters.rows.map((cluster) => cluster.id);
  if (ids.length === 0) return [];
  const digests = [...new Set(clusters.rows.flatMap((cluster) => cluster.digest ?? []))];
  const [assignments, held, states, conditions] = await Promise.all([
    tx.query<AssignmentRow>(ASSIGNMENTS, [tx.organizationId, ids]),
    tx.query<HeldRow>(HELD, [ids, clusters.rows.map((cluster) => cluster.revision)]),
    loadStates(tx, digests),
    tx.query<LoadedCondition & { clusterId: string }>(CONDITIONS, [tx.organizationId, ids]),
  ]);
  const versions = await loadVersions(tx, assignments.rows);
  const heldBy = new Map(held.rows.map((row) => [row.id, row]));
  const conditionsOf = Map.groupBy(conditions.rows, (row) => row.clusterId);
  const rowsOf = Map.groupBy(assignments.rows, (row) => row.clusterId);

  return clusters.rows.map((cluster) => {
    const rows = rowsOf.get(cluster.id) ?? [];
    return {
      ...cluster,
      previous: {
        state: cluster.digest === null ? EMPTY : (states.get(cluster.digest) ?? EMPTY),
        residue: heldBy.get(cluster.id)?.residue ?? [],
        shares: heldBy.get(cluster.id)?.shares ?? [],
      },
      assignedVersions: new Map(rows.map((row) => [row.policyId, row.version])),
      assignments: rows.flatMap((row) => versions.get(`${row.policyId} ${row.version}`) ?? []),
      uncompiled: rows
        .filter((row) => row.uncompiled)
        .map(({ policyId, version }) => ({ policyId, version, createdBy: versions.get(`${policyId} ${version}`)?.createdBy ?? null })),
      conditions: conditionsOf.get(cluster.id) ?? [],
    };
  });
}

async function loadVersions(tx: Tx, rows: readonly AssignmentRow[]): Promise<Map<string, LoadedAssignment & { createdBy: string }>> {
  const wanted = new Map(rows.filter((row) => row.version !== null).map((row) => [`${row.policyId} ${row.version}`, row]));
  const pairs = [...wanted.values()];
  const versions = await tx.query<VersionRow>(VERSIONS, [
    tx.organizationId,
    pairs.map((pair) => pair.policyId),
    pairs.map((pair) => pair.version),
  ]);
  return new Map(
    versions.rows.map((row) => [`${row.policyId} ${row.version}`, { ...row, createdAt: row.createdAt.getTime() }]),
  );
}

/** In SQL: what the agent of cluster `c` says it understands; null before its first facts. */
export const AGENT_FEATURES_OF = `case when c.facts ? 'kubernetesVersion' then coalesce(c.facts->'features', '[]') end as features`;

const READ = `
  select c.id, now() as "readAt", o.epoch, c.desired_revision as revision, c.desired_digest as digest, c.acked_epoch as "ackedEpoch",
    c.acked_revision as "ackedRevision", c.approved_deletions as "approvedDeletions", c.approval_due as "approvalDue",
    ${AGENT_FEATURES_OF}
  from cluster c join organization o on o.id = c.organization_id
  where c.organization_id = $1 and c.id = any($2::uuid[]) and c.lifecycle in ('ACTIVE', 'QUARANTINED')
  order by c.id`;

const LOCK = `${READ} for no key update of c`;

// "offset 0": one look into an index for each cluster, whatever Postgres makes of the sizes. It would else read the
// assignments of the whole fleet where it takes a hundred clusters for a good part of it.
const ASSIGNMENTS = `
  select x.cluster_id as "clusterId", x.policy_id as "policyId", x.version, x.revision in (0, ${UNCOMPILED_REVISION}) as uncompiled
  from unnest($2::uuid[]) as c (id)
  cross join lateral (select * from policy_cluster y where y.cluster_id = c.id and y.organization_id = $1 offset 0) x`;

const HELD = `
  select d.cluster_id as id, d.residue, d.shares
  from unnest($1::uuid[], $2::bigint[]) as c (id, revision)
  join desired_state d on d.cluster_id = c.id and d.revision = c.revision`;

const VERSIONS = `
  select v.policy_id as "policyId", p.name as "policyName", p.created_at as "createdAt", v.version, v.objects, v.drift, v.conflicts,
    v.inputs, v.variables, v.patches, v.created_by as "createdBy"
  from unnest($2::uuid[], $3::int[]) as w (policy_id, version)
  cross join lateral (select * from policy_version y where y.policy_id = w.policy_id and y.version = w.version offset 0) v
  cross join lateral (select * from policy y where y.id = v.policy_id and y.organization_id = $1 offset 0) p`;

const CONDITIONS = `
  select cluster_id as "clusterId", object_key as key, policy_id as "policyId", status, reason, message, manager, fields
  from unnest($2::uuid[]) as c (id)
  cross join lateral (select * from object_condition y where y.cluster_id = c.id and y.organization_id = $1 offset 0) x`;
