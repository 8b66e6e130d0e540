import type { Composition, LostClaim } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';
import type { LoadedCluster, LoadedCondition } from './load-clusters.ts';

/** Reason of the hub's own condition on an object that an older policy holds. No agent reports it or clears it. */
export const CLAIMED_BY_OTHER_POLICY = 'ObjectClaimedByOtherPolicy';

/** What a compilation says of the policies of one cluster. */
export interface CompiledPolicies {
  readonly cluster: LoadedCluster;
  readonly composition: Composition;
  /** Revision that carries them now: the one before when nothing changed. */
  readonly revision: number;
  readonly policyIds: readonly string[];
}

/**
 * Writes the conditions that the hub itself knows of, and how far each compiled policy is: the same rule as the planner's
 * `statusOf`. A withdrawal that the agent has nothing to do for is done.
 */
export function writePolicyStatus(tx: Tx, compiled: readonly CompiledPolicies[]): void {
  clearConditions(tx, compiled);
  refuseClaims(tx, compiled);
  const rows = compiled.flatMap(({ cluster, revision, policyIds }) =>
    policyIds
      .filter((policyId) => cluster.assignedVersions.has(policyId))
      .map((policyId) => ({
        clusterId: cluster.id,
        policyId,
        version: cluster.assignedVersions.get(policyId) ?? null,
        revision,
        acknowledged: cluster.ackedEpoch === cluster.epoch && cluster.ackedRevision >= revision,
      })),
  );
  if (rows.length === 0) return;
  tx.send(ADVANCE, [
    tx.organizationId,
    rows.map((row) => row.clusterId),
    rows.map((row) => row.policyId),
    rows.map((row) => row.revision),
    rows.map((row) => row.acknowledged),
    rows.map((row) => row.version),
  ]);
  const done = rows.filter((row) => row.acknowledged && row.version === null);
  if (done.length === 0) return;
  tx.send(FINISH_WITHDRAWAL, [
    tx.organizationId,
    done.map((row) => row.clusterId),
    done.map((row) => row.policyId),
    done.map((row) => row.revision),
  ]);
}

/** Claims that are no longer lost, and conditions of objects that the cluster's desired state says nothing of any more. */
function clearConditions(tx: Tx, compiled: readonly CompiledPolicies[]): void {
  const obsolete = compiled.flatMap(({ cluster, composition }) => {
    if (cluster.conditions.length === 0) return [];
    const lost = new Set(composition.lost.map(pairOf));
    const spoken = new Set([...composition.state.entries, ...composition.state.tombstones].map(pairOf));
    return cluster.conditions
      .filter((condition) => !(isHubs(condition) ? lost : spoken).has(pairOf(condition)))
      .map((condition) => ({ clusterId: cluster.id, ...condition }));
  });
  if (obsolete.length === 0) return;
  tx.send(`select set_config('app.compiling', 'on', true)`);
  tx.send(CLEAR, [
    tx.organizationId,
    obsolete.map((condition) => condition.clusterId),
    obsolete.map((condition) => condition.key),
    obsolete.map((condition) => condition.policyId),
  ]);
}

function refuseClaims(tx: Tx, compiled: readonly CompiledPolicies[]): void {
  const refused = compiled.flatMap(({ cluster, composition, revision }) => {
    const known = new Set(cluster.conditions.filter(isHubs).map((condition) => `${pairOf(condition)} ${condition.message}`));
    return composition.lost
      .map((claim) => ({ clusterId: cluster.id, revision, ...claim, message: messageOf(claim) }))
      .filter((claim) => !known.has(`${pairOf(claim)} ${claim.message}`));
  });
  if (refused.length === 0) return;
  tx.send(REFUSE, [
    tx.organizationId,
    refused.map((claim) => claim.clusterId),
    refused.map((claim) => claim.key),
    refused.map((claim) => claim.policyId),
    refused.map((claim) => claim.message),
    refused.map((claim) => claim.revision),
  ]);
}

function isHubs(condition: LoadedCondition): boolean {
  return condition.reason === CLAIMED_BY_OTHER_POLICY;
}

function pairOf({ key, policyId }: { readonly key: string; readonly policyId: string }): string {
  return `${key} ${policyId}`;
}

function messageOf({ heldBy }: LostClaim): string {
  return `The older policy ${heldBy.policyName} holds this object in this cluster. It passes to this policy when ${heldBy.policyName} lets go of it.`;
}

const CLEAR = `
  delete from object_condition o using unnest($2::uuid[], $3::text[], $4::uuid[]) as w (cluster_id, object_key, policy_id)
  where o.organization_id = $1 and o.cluster_id = w.cluster_id and o.object_key = w.object_key and o.policy_id = w.policy_id`;

const REFUSE = `
  insert into object_condition as o (organization_id, cluster_id, object_key, policy_id, status, reason, message, revision, observed_at)
  select $1, l.cluster_id, l.object_key, l.policy_id, 'FAILED', '${CLAIMED_BY_OTHER_POLICY}', l.message, l.revision, now()
  from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::bigint[]) as l (cluster_id, object_key, policy_id, message, revision)
  on conflict (cluster_id, object_key, policy_id) do update set status = excluded.status, reason = excluded.reason,
    message = excluded.message, manager = null, fields = '[]', revision = excluded.revision, observed_at = excluded.observed_at`;

// Placement takes no lock on clusters. A row that it has changed since it was read is not what this revision carries: it
// stays to be compiled.
const ADVANCE = `
  update policy_cluster x set revision = w.revision, updated_at = now(), status = case
      when not w.acknowledged then 'PENDING'
      when exists (select from object_condition o where o.cluster_id = x.cluster_id and o.policy_id = x.policy_id and o.status = 'FAILED') then 'FAILED'
      when exists (select from object_condition o where o.cluster_id = x.cluster_id and o.policy_id = x.policy_id and o.status = 'DRIFTED') then 'DRIFTED'
      else 'APPLIED' end
  from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::boolean[], $6::int[])
    as w (cluster_id, policy_id, revision, acknowledged, version)
  where x.organization_id = $1 and x.cluster_id = w.cluster_id and x.policy_id = w.policy_id
    and x.version is not distinct from w.version`;

const FINISH_WITHDRAWAL = `
  delete from policy_cluster x using unnest($2::uuid[], $3::uuid[], $4::bigint[]) as w (cluster_id, policy_id, revision)
  where x.organization_id = $1 and x.cluster_id = w.cluster_id and x.policy_id = w.policy_id and x.version is null
    and x.revision = w.revision and x.status <> 'FAILED'`;
