import type { Sql, Tx } from '../connection/sql.ts';
import type { PolicyVersionRow } from './policy-versions.ts';

export interface LockedPolicy {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly currentVersion: number;
  /** What clusters hold that no rollout speaks for; 0 before the first is established. */
  readonly stableVersion: number;
  /** The rollout that is under way. */
  readonly activeRolloutId: string | null;
}

/**
 * The live policy of that name, held until the transaction ends. The name itself is put in line, so that of two that
 * create it at once the second finds the first.
 */
export async function lockPolicyByName(tx: Tx, name: string): Promise<LockedPolicy | undefined> {
  tx.send(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`policy ${tx.organizationId} ${name}`]);
  const { rows } = await tx.query<LockedPolicy>(`${LOCK} organization_id = $1 and name = $2 and deleted_at is null for no key update`, [
    tx.organizationId,
    name,
  ]);
  return rows[0];
}

/** The live policy with that id, held until the transaction ends. */
export async function lockPolicyById(sql: Sql, id: string): Promise<LockedPolicy | undefined> {
  const { rows } = await sql.query<LockedPolicy>(`${LOCK} id = $1 and deleted_at is null for no key update`, [id]);
  return rows[0];
}

const LOCK = `select id, name, description, current_version as "currentVersion", stable_version as "stableVersion",
  (select r.id from rollout r where r.policy_id = policy.id and r.active) as "activeRolloutId" from policy where`;

export interface NewPolicy {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly at: Date;
  /** A rollout brings the version to clusters; nothing is placed before it says so. */
  readonly staged: boolean;
}

/** A new policy at version 1; its version is a row of its own. */
export function insertPolicy(tx: Tx, policy: NewPolicy): void {
  tx.send(
    'insert into policy (id, organization_id, name, description, current_version, stable_version, created_at, updated_at) values ($1, $2, $3, $4, 1, $6, $5, $5)',
    [policy.id, tx.organizationId, policy.name, policy.description, policy.at, policy.staged ? 0 : 1],
  );
}

/** Makes another version the current one. Hold the policy's lock. Without a rollout every cluster is to hold it at once. */
export function advancePolicy(tx: Tx, policy: { id: string; description: string | null; version: number; at: Date; staged: boolean }): void {
  tx.send(
    `update policy set current_version = $2, description = $3, updated_at = $4, row_version = row_version + 1,
       stable_version = case when $5 then stable_version else $2 end, rollout_id = case when $5 then rollout_id end where id = $1`,
    [policy.id, policy.version, policy.description, policy.at, policy.staged],
  );
}

/** Writes a version; versions are never changed afterwards. */
export function insertPolicyVersion(tx: Tx, version: PolicyVersionRow): void {
  tx.send(
    `insert into policy_version (organization_id, policy_id, version, manifests, default_namespace, objects, placement, drift, conflicts,
       comment, created_by, created_at, preset, preset_parameters, variables, patches, inputs)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
    [
      tx.organizationId,
      version.policyId,
      version.version,
      version.manifests,
      version.defaultNamespace,
      JSON.stringify(version.objects),
      JSON.stringify(version.placement),
      version.drift,
      version.conflicts,
      version.comment,
      version.createdBy,
      version.createdAt,
      version.preset,
      version.presetParameters === null ? null : JSON.stringify(version.presetParameters),
      JSON.stringify(version.variables),
      JSON.stringify(version.patches),
      version.inputs === null ? null : JSON.stringify(version.inputs),
    ],
  );
}

/** The policy's name is free from here on; its versions stay readable by id. */
export function markPolicyDeleted(tx: Tx, id: string, at: Date): void {
  tx.send('update policy set deleted_at = $2, updated_at = $2, rollout_id = null, row_version = row_version + 1 where id = $1', [id, at]);
}
