import type { JsonObject } from '@meshfleet/model';
import type { AssignedObject, Patch, Placement, Variable } from '@meshfleet/planner';
import type { Sql, Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import type { Page, Slice } from '../paging/keyset.ts';
import { readNestedPage } from '../paging/nested-page.ts';

export interface PolicyVersionRow {
  readonly policyId: string;
  readonly version: number;
  readonly manifests: string;
  readonly defaultNamespace: string | null;
  /** What every cluster gets; templates of it where `inputs` is not null. */
  readonly objects: readonly AssignedObject[];
  /** The preset that wrote the manifests, with all its parameters; null: a person did. */
  readonly preset: string | null;
  readonly presetParameters: JsonObject | null;
  readonly variables: readonly Variable[];
  readonly patches: readonly Patch[];
  /** Values of a cluster that its rendering depends on. Null: the version is the same everywhere. */
  readonly inputs: readonly string[] | null;
  /** As the planner's `placementSchema` reads it; parts may be left out. */
  readonly placement: Partial<Placement>;
  readonly drift: 'CORRECT' | 'REPORT';
  readonly conflicts: 'REPORT' | 'FORCE';
  readonly comment: string | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}

const COLUMNS = `v.policy_id as "policyId", v.version, v.manifests, v.default_namespace as "defaultNamespace", v.objects, v.placement,
  v.preset, v.preset_parameters as "presetParameters", v.variables, v.patches, v.inputs, v.drift, v.conflicts, v.comment, v.created_by as "createdBy", v.created_at as "createdAt"`;

export interface PolicyVersionKey {
  readonly policyId: string;
  readonly version: number;
}

/**
 * In the order of the keys; undefined where there is none. One look into the index per key, whatever size Postgres takes
 * the table for: a plan made while it was empty would read all of it.
 */
export async function findPolicyVersions(sql: Sql, keys: readonly PolicyVersionKey[]): Promise<(PolicyVersionRow | undefined)[]> {
  const { rows } = await sql.query<PolicyVersionRow>(
    `select ${COLUMNS} from unnest($1::uuid[], $2::int[]) as k (policy_id, version)
     cross join lateral (select * from policy_version w where w.policy_id = k.policy_id and w.version = k.version limit 1) v`,
    [keys.map((key) => key.policyId), keys.map((key) => key.version)],
  );
  const found = new Map(rows.map((row) => [`${row.policyId} ${row.version}`, row]));
  return keys.map((key) => found.get(`${key.policyId} ${key.version}`));
}

/** The version in force of the live policy of that name. */
export async function findCurrentPolicyVersion(tx: Tx, name: string): Promise<PolicyVersionRow | undefined> {
  const { rows } = await tx.query<PolicyVersionRow>(
    `select ${COLUMNS} from policy p
     cross join lateral (select * from policy_version w where w.policy_id = p.id and w.version = p.current_version limit 1) v
     where p.organization_id = $1 and p.name = $2 and p.deleted_at is null`,
    [tx.organizationId, name],
  );
  return rows[0];
}

/** Versions newest first; a page for each policy. */
export function listPolicyVersions(sql: Sql, policyIds: readonly string[], page: Page): Promise<Slice<PolicyVersionRow>[]> {
  const order = { columns: [{ sql: 'v.version', type: 'int' as const }], descending: true };
  return readNestedPage(sql, policyIds, { columns: COLUMNS, from: 'policy_version v', parent: 'v.policy_id', order, conditions: [] }, page, new Values());
}
