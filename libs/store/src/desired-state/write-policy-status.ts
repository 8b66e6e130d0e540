import type { Composition, LostClaim, RenderFailure } from '@meshfleet/planner';
import type { Tx } from '../connection/sql.ts';
import { concernedShares, delaysWithdrawal } from './concerned-shares.ts';
import type { LoadedCluster, LoadedCondition } from './load-clusters.ts';

/** Reason of the hub's own condition on an object that an older policy holds. No agent reports it or clears it. */
export const CLAIMED_BY_OTHER_POLICY = 'ObjectClaimedByOtherPolicy';

/** Reason of the hub's own condition on an object that could not be rendered for a cluster. */
const RENDER_FAILED = 'RenderFailed';

/** Reason of the hub's own condition on an object that a cluster's agent is too old to be asked for. */
export const AGENT_TOO_OLD = 'AgentTooOld';

const HUB_REASONS: readonly string[] = [CLAIMED_BY_OTHER_POLICY, RENDER_FAILED, AGENT_TOO_OLD];

/** True in SQL of a reason that the hub itself gave: no agent's report clears or replaces it. */
export const HUBS_OWN = `in (${HUB_REASONS.map((reason) => `'${reason}'`).join(', ')})`;

/** What a compilation says of the policies of one cluster. */
export interface CompiledPolicies {
  readonly cluster: LoadedCluster;
  readonly composition: Composition;
  /** Revision that carries them now: the one before when nothing changed. */
  readonly revision: number;
  readonly policyIds: readonly string[];
  /** When the next object of a policy ends, by policy. */
  readonly expiries: ReadonlyMap<string, Date>;
  /** Name of the rendering by policy, of versions that differ from cluster to cluster. */
  readonly renderings: ReadonlyMap<string, string>;
  /** Objects that could not be rendered: the cluster keeps what it held of their policies. */
  readonly unrendered: readonly (RenderFailure & { readonly policyId: string })[];
}

/**
 * Writes the conditions that the hub itself knows of, and how far each compiled policy is: the same rule as the planner's
 * `statusOf`. A withdrawal that the agent has nothing to do for is done.
 */
export function writePolicyStatus(tx: Tx, compiled: readonly CompiledPolicies[]): void {
  clearConditions(tx, compiled);
  writeVerdicts(tx, compiled);
  inheritConditions(tx, compiled);
  const rows = compiled.flatMap(({ cluster, composition, revision, policyIds, renderings, expiries }) =>
    policyIds
      .filter((policyId) => cluster.assignedVersions.has(policyId))
      .map((policyId) => ({
        clusterId: cluster.id,
        policyId,
        version: cluster.assignedVersions.get(policyId) ?? null,
        revision,
        rendering: renderings.get(policyId) ?? null,
        expiresAt: expiries.get(policyId) ?? null,
        objectCount: countObjects(composition, policyId),
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
    rows.map((row) => row.rendering),
    rows.map((row) => row.expiresAt),
    rows.map((row) => row.objectCount),
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

/** Objects that the cluster is asked to hold of a policy, whole or in part. */
function countObjects({ state, shares }: Pick<Composition, 'state' | 'shares'>, policyId: string): number {
  const shared = new Set(shares.map(([key]) => key));
  const alone = state.entries.filter((entry) => entry.policyId === policyId && !shared.has(entry.key));
  return alone.length + shares.filter(([, of]) => of.some((share) => share.policyId === policyId)).length;
}

/** Claims that are no longer lost, and conditions of objects that the cluster's desired state says nothing of any more. */
function clearConditions(tx: Tx, compiled: readonly CompiledPolicies[]): void {
  const obsolete = compiled.flatMap((each) => {
    const { cluster, composition } = each;
    if (cluster.conditions.length === 0) return [];
    const verdicts = new Set(verdictsOf(each).map(verdictOf));
    const spoken = new Set([...composition.state.entries, ...composition.state.tombstones, ...sharersOf(composition)].map(pairOf));
    // What passes as a whole to another policy is that one's affair; of what it labelled with others its labels may still be there.
    const labelled = new Set(composition.state.entries.filter(({ mode }) => mode === 'METADATA').map(({ key }) => key));
    const isLeaving = (condition: LoadedCondition): boolean => cluster.assignedVersions.get(condition.policyId) === null && labelled.has(condition.key) && delaysWithdrawal(condition);
    return cluster.conditions
      .filter((condition) => !(isHubs(condition) ? verdicts.has(verdictOf(condition)) : spoken.has(pairOf(condition)) || isLeaving(condition)))
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

interface Verdict {
  readonly key: string;
  readonly policyId: string;
  readonly reason: string;
  readonly message: string;
}

const sharersOf = ({ shares }: Pick<Composition, 'shares'>): { readonly key: string; readonly policyId: string }[] => shares.flatMap(([key, of]) => of.map(({ policyId }) => ({ key, policyId })));

/** What the hub itself has to say of objects of a cluster. A claim that is lost says more than a rendering that failed. */
function verdictsOf({ composition, unrendered }: CompiledPolicies): Verdict[] {
  const failed = unrendered.map((failure) => ({ ...failure, reason: RENDER_FAILED }));
  const lost = [...Map.groupBy(composition.lost, pairOf).values()].flatMap((claims) => {
    const [claim] = claims;
    return claim === undefined ? [] : [{ key: claim.key, policyId: claim.policyId, reason: CLAIMED_BY_OTHER_POLICY, message: claims.map(messageOf).join(' ') }];
  });
  const withheld = composition.withheld.map((each) => ({ ...each, reason: AGENT_TOO_OLD }));
  return [...new Map([...withheld, ...failed, ...lost].map((verdict) => [pairOf(verdict), verdict])).values()];
}

function writeVerdicts(tx: Tx, compiled: readonly CompiledPolicies[]): void {
  const news = compiled.flatMap((each) => {
    const { cluster, revision } = each;
    const known = new Set(cluster.conditions.filter(isHubs).map((condition) => `${verdictOf(condition)} ${condition.message}`));
    return verdictsOf(each)
      .filter((verdict) => !known.has(`${verdictOf(verdict)} ${verdict.message}`))
      .map((verdict) => ({ clusterId: cluster.id, revision, ...verdict }));
  });
  if (news.length === 0) return;
  tx.send(SAY, [
    tx.organizationId,
    news.map((verdict) => verdict.clusterId),
    news.map((verdict) => verdict.key),
    news.map((verdict) => verdict.policyId),
    news.map((verdict) => verdict.reason),
    news.map((verdict) => verdict.message),
    news.map((verdict) => verdict.revision),
  ]);
}

/**
 * What the agent has said of an object holds for a policy that comes to share it: of what stays as it is agents say nothing
 * anew. What was put right was so before it came.
 */
function inheritConditions(tx: Tx, compiled: readonly CompiledPolicies[]): void {
  const news = compiled.flatMap((each) => {
    const { cluster, composition, revision } = each;
    const said = cluster.conditions.filter((condition) => !isHubs(condition));
    if (composition.shares.length === 0 || said.length === 0) return [];
    const known = new Set([...said, ...verdictsOf(each)].map(pairOf));
    return composition.shares.flatMap(([key, shares]) => {
      // What was about fields of a policy that is gone is nobody's who stays.
      const condition = said.find((one) => one.key === key && one.status !== 'CORRECTED' && (one.fields.length === 0 || shares.some((share) => share.fields.some((field) => one.fields.includes(field)))));
      if (condition === undefined) return [];
      return concernedShares(shares, condition).filter(({ policyId }) => !known.has(pairOf({ key, policyId }))).map(({ policyId, fields }) => ({ ...condition, clusterId: cluster.id, revision, policyId, fields }));
    });
  });
  if (news.length === 0) return;
  tx.send(INHERIT, [
    tx.organizationId,
    news.map(({ clusterId }) => clusterId),
    news.map(({ key }) => key),
    news.map(({ policyId }) => policyId),
    news.map(({ status }) => status),
    news.map(({ reason }) => reason),
    news.map(({ message }) => message),
    news.map(({ manager }) => manager),
    news.map(({ fields }) => JSON.stringify(fields)),
    news.map(({ revision }) => revision),
  ]);
}

function isHubs(condition: LoadedCondition): boolean {
  return HUB_REASONS.includes(condition.reason);
}

function verdictOf(verdict: { readonly key: string; readonly policyId: string; readonly reason: string }): string {
  return `${pairOf(verdict)} ${verdict.reason}`;
}

function pairOf({ key, policyId }: { readonly key: string; readonly policyId: string }): string {
  return `${key} ${policyId}`;
}

function messageOf({ heldBy, fields }: LostClaim): string {
  if (fields !== undefined) return `The older policy ${heldBy.policyName} sets ${fields.join(', ')} of this object in this cluster. ${fields.length === 1 ? 'It passes' : 'They pass'} to this policy when ${heldBy.policyName} lets go of ${fields.length === 1 ? 'it' : 'them'}; what else this policy sets is set.`;
  return `The older policy ${heldBy.policyName} holds this object in this cluster. It passes to this policy when ${heldBy.policyName} lets go of it.`;
}

const CLEAR = `
  delete from object_condition o using unnest($2::uuid[], $3::text[], $4::uuid[]) as w (cluster_id, object_key, policy_id)
  where o.organization_id = $1 and o.cluster_id = w.cluster_id and o.object_key = w.object_key and o.policy_id = w.policy_id`;

const SAY = `
  insert into object_condition as o (organization_id, cluster_id, object_key, policy_id, status, reason, message, revision, observed_at)
  select $1, l.cluster_id, l.object_key, l.policy_id, 'FAILED', l.reason, l.message, l.revision, now()
  from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::bigint[]) as l (cluster_id, object_key, policy_id, reason, message, revision)
  on conflict (cluster_id, object_key, policy_id) do update set status = excluded.status, reason = excluded.reason,
    message = excluded.message, manager = null, fields = '[]', revision = excluded.revision, observed_at = excluded.observed_at`;

const INHERIT = `
  insert into object_condition (organization_id, cluster_id, object_key, policy_id, status, reason, message, manager, fields, revision, observed_at)
  select $1, w.cluster_id, w.object_key, w.policy_id, w.status, w.reason, w.message, w.manager, w.fields::jsonb, w.revision, now()
  from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[])
    as w (cluster_id, object_key, policy_id, status, reason, message, manager, fields, revision)
  on conflict (cluster_id, object_key, policy_id) do nothing`;

// Placement takes no lock on clusters. A row that it has changed since it was read is not what this revision carries: it
// stays to be compiled.
const ADVANCE = `
  update policy_cluster x set revision = w.revision, rendering = w.rendering, expires_at = w.expires_at, object_count = w.object_count, updated_at = now(), status = case
      when not w.acknowledged then 'PENDING'
      when exists (select from object_condition o where o.cluster_id = x.cluster_id and o.policy_id = x.policy_id and o.status = 'FAILED') then 'FAILED'
      when exists (select from object_condition o where o.cluster_id = x.cluster_id and o.policy_id = x.policy_id and o.status = 'DRIFTED') then 'DRIFTED'
      else 'APPLIED' end
  from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::boolean[], $6::int[], $7::text[], $8::timestamptz[], $9::int[])
    as w (cluster_id, policy_id, revision, acknowledged, version, rendering, expires_at, object_count)
  where x.organization_id = $1 and x.cluster_id = w.cluster_id and x.policy_id = w.policy_id
    and x.version is not distinct from w.version`;

const FINISH_WITHDRAWAL = `
  delete from policy_cluster x using unnest($2::uuid[], $3::uuid[], $4::bigint[]) as w (cluster_id, policy_id, revision)
  where x.organization_id = $1 and x.cluster_id = w.cluster_id and x.policy_id = w.policy_id and x.version is null
    and x.revision = w.revision and x.status <> 'FAILED'`;
