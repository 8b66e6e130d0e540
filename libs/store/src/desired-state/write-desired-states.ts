import { MeshfleetError } from '@meshfleet/model';
import type { Composition } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';
import { storeContents } from './contents.ts';
import type { LoadedCluster } from './load-clusters.ts';

/** Why a revision came to be, as the history shows it. */
export interface DesiredStateCause {
  readonly action: 'ASSIGNED' | 'WITHDRAWN' | 'EXPIRED' | 'DELETIONS_APPROVED';
  readonly policyId?: string;
  readonly version?: number | null;
  readonly actor: string;
}

/** A cluster's next desired state. */
export interface NextDesiredState {
  readonly cluster: LoadedCluster;
  readonly composition: Composition;
  readonly digest: string;
  readonly cause: readonly DesiredStateCause[];
  /** The approval of deletions was carried out: this revision carries none. */
  readonly approvalSpent: boolean;
}

/**
 * Gives each cluster its next revision. Bodies are stored once by digest, and objects that are several policies' once by their hash. All or nothing: when any cluster is no longer at
 * the revision that was read, because somebody else has written since, nothing is.
 * @throws MeshfleetError STATE_STALE: load and compose again
 */
export async function writeDesiredStates(tx: Tx, next: readonly NextDesiredState[]): Promise<void> {
  if (next.length === 0) return;
  const advanced = await tx.query(ADVANCE, [
    tx.organizationId,
    next.map(({ cluster }) => cluster.id),
    next.map(({ cluster }) => cluster.revision),
    next.map(({ digest }) => digest),
  ]);
  if (advanced.rowCount !== next.length) throw stale(next.length - advanced.rowCount);

  const merged = next.flatMap(({ composition }) => [...composition.merged].map(([hash, body]) => ({ hash, body })));
  if (merged.length > 0) storeContents(tx, merged);
  const bodies = new Map(next.map(({ digest, composition }) => [digest, composition.state]));
  tx.send(STORE_BODIES, [tx.organizationId, [...bodies.keys()], [...bodies.values()].map((state) => JSON.stringify(state))]);
  tx.send(STORE_STATES, [
    tx.organizationId,
    next.map(({ cluster }) => cluster.id),
    next.map(({ cluster }) => cluster.revision + 1),
    next.map(({ cluster }) => cluster.epoch),
    next.map(({ digest }) => digest),
    next.map(({ composition }) => composition.state.entries.length),
    next.map(({ composition }) => composition.state.tombstones.length),
    next.map(({ cause }) => JSON.stringify(cause)),
    next.map(({ composition }) => JSON.stringify(composition.residue)),
    next.map(({ composition }) => JSON.stringify(composition.shares)),
  ]);
  const spent = next.filter(({ approvalSpent }) => approvalSpent).map(({ cluster }) => cluster.id);
  if (spent.length > 0) tx.send(`update cluster set approved_deletions = 0 where organization_id = $1 and id = any($2::uuid[])`, [tx.organizationId, spent]);
}

function stale(count: number): MeshfleetError {
  return new MeshfleetError({
    code: 'STATE_STALE',
    summary: `${count} ${count === 1 ? 'cluster has' : 'clusters have'} moved on since they were read`,
    why: 'another reconciler has compiled them meanwhile',
    fix: 'Nothing was written; the compilation is tried again with what holds now.',
  });
}

const ADVANCE = `
  update cluster c set desired_revision = w.revision + 1, desired_digest = w.digest, approval_due = false,
    row_version = c.row_version + 1
  from unnest($2::uuid[], $3::bigint[], $4::text[]) as w (id, revision, digest)
  where c.organization_id = $1 and c.id = w.id and c.desired_revision = w.revision`;

const STORE_BODIES = `
  insert into desired_state_body (organization_id, digest, body)
  select $1, w.digest, w.body::jsonb from unnest($2::text[], $3::text[]) as w (digest, body)
  order by w.digest
  on conflict (organization_id, digest) do nothing`;

const STORE_STATES = `
  insert into desired_state (organization_id, cluster_id, revision, epoch, digest, object_count, tombstone_count, cause, residue, shares)
  select $1, w.cluster_id, w.revision, w.epoch, w.digest, w.object_count, w.tombstone_count, w.cause::jsonb, w.residue::jsonb, w.shares::jsonb
  from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::int[], $7::int[], $8::text[], $9::text[], $10::text[])
    as w (cluster_id, revision, epoch, digest, object_count, tombstone_count, cause, residue, shares)`;
