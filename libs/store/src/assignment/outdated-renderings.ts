import { UNCOMPILED_REVISION, kindsOf, renderingOf } from '@meshfleet/planner';
import type { Patch, Variable } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';
import { findRenderedClusters } from '../desired-state/renderings.ts';

interface HeldRendering {
  readonly clusterId: string;
  readonly policyId: string;
  readonly version: number;
  readonly rendering: string | null;
}

interface VersionRow {
  readonly policyId: string;
  readonly version: number;
  readonly objects: readonly { readonly key: string }[];
  readonly inputs: readonly string[];
  readonly variables: readonly Variable[];
  readonly patches: readonly Patch[];
}

/**
 * Lets policies be compiled anew for clusters in which they no longer say what they said: a label, a place or a name has
 * changed that the policy refers to, or a schema that they are held to. Returns how many that are.
 */
export async function renewRenderings(tx: Tx, clusterIds: readonly string[]): Promise<number> {
  if (clusterIds.length === 0) return 0;
  const held = await tx.query<HeldRendering>(HELD, [tx.organizationId, clusterIds]);
  if (held.rows.length === 0) return 0;
  const pairs = [...new Map(held.rows.map((row) => [`${row.policyId} ${row.version}`, row])).values()];
  const versions = await tx.query<VersionRow>(VERSIONS, [pairs.map((row) => row.policyId), pairs.map((row) => row.version)]);
  const versionOf = new Map(versions.rows.map((row) => [`${row.policyId} ${row.version}`, row]));
  const clusterOf = await findRenderedClusters(tx, [...new Set(held.rows.map((row) => row.clusterId))], kindsOf(versions.rows.flatMap(({ objects }) => objects)));
  const outdated = held.rows.filter(({ clusterId, policyId, version, rendering }) => {
    const [row, cluster] = [versionOf.get(`${policyId} ${version}`), clusterOf.get(clusterId)];
    return row !== undefined && cluster !== undefined && renderingOf(row, cluster) !== rendering;
  });
  if (outdated.length === 0) return 0;
  const renewed = await tx.query(RENEW, [tx.organizationId, outdated.map((row) => row.clusterId), outdated.map((row) => row.policyId)]);
  return renewed.rowCount;
}

const HELD = `
  select x.cluster_id as "clusterId", x.policy_id as "policyId", x.version, x.rendering
  from unnest($2::uuid[]) as c (id) join policy_cluster x on x.cluster_id = c.id
  where x.organization_id = $1 and x.version is not null and x.rendering is not null and x.revision not in (0, ${UNCOMPILED_REVISION})`;

const VERSIONS = `
  select v.policy_id as "policyId", v.version, v.objects, v.inputs, v.variables, v.patches
  from unnest($1::uuid[], $2::int[]) as w (policy_id, version)
  join policy_version v on v.policy_id = w.policy_id and v.version = w.version`;

const RENEW = `
  update policy_cluster x set revision = ${UNCOMPILED_REVISION}, status = 'PENDING', updated_at = now()
  from unnest($2::uuid[], $3::uuid[]) as w (cluster_id, policy_id)
  where x.organization_id = $1 and x.cluster_id = w.cluster_id and x.policy_id = w.policy_id and x.version is not null`;
