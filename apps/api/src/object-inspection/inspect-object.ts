import { goesOnByItself, isLimited, place, placementSchema, wayOfObject, type LiveSituation, type ObjectSituation, type PlacementDecision, type Share, type StepVerdict } from '@meshfleet/planner';
import {
  findAcknowledged,
  listObjectClaims,
  listObjectConditions,
  listObjectRevisions,
  readOrganization,
  type Acknowledged,
  type ClusterRow,
  type ObjectClaim,
  type ObjectConditionRow,
  type ObjectRevision,
} from '@meshfleet/store';
import { setImmediate } from 'node:timers/promises';
import { stateBody } from '../desired-state/desired-state-loaders.ts';
import { loadDesiredState } from '../desired-state/desired-state-view.ts';
import { findingsOfCluster } from '../analysis/findings-of-cluster.ts';
import type { RequestScope } from '../request/request-scope.ts';
import type { LiveObjectView } from './live-object.ts';

/** What the hub knows of one object of one cluster. */
export interface ObjectInspection {
  readonly cluster: ClusterRow;
  readonly key: string;
  /** The policy that has the object in this cluster, or else the oldest that wants it. */
  readonly claim: ObjectClaim | null;
  readonly placement: PlacementDecision | null;
  readonly claims: readonly ObjectClaim[];
  /** Who has which labels and annotations of it, where several policies set some. */
  readonly shares: readonly Share[];
  /** Content of the object as it is desired; null when it is not. */
  readonly hash: string | null;
  /** Revision that brought this content. */
  readonly revision: number | null;
  readonly condition: ObjectConditionRow | null;
  readonly history: readonly ObjectRevision[];
  /** What an agent was asked for by this query, if it was; once. */
  readonly look: { live?: Promise<LiveObjectView> };
  /** The stations of the object, walked once. */
  way?: Promise<readonly StepVerdict[]>;
}

const HUB_REASON = 'ObjectClaimedByOtherPolicy';

export async function inspectObject(scope: RequestScope, cluster: ClusterRow, key: string, now: Date): Promise<ObjectInspection> {
  const tx = await scope.read();
  const state = cluster.desiredRevision === 0 ? undefined : await loadDesiredState(scope, { clusterId: cluster.id, revision: cluster.desiredRevision });
  const desired = state === undefined ? undefined : await stateBody(scope, state.digest);
  const entry = desired?.entries.find((each) => each.key === key);
  const leaving = (desired?.tombstones ?? []).filter((tombstone) => tombstone.key === key).map(({ policyId }) => policyId);
  const claims = await listObjectClaims(tx, cluster.id, key, [...(entry === undefined ? [] : [entry.policyId]), ...leaving]);
  const shares = new Map(state?.shares).get(key) ?? [];
  const sharers = new Set(shares.map(({ policyId }) => policyId));
  const claim = claims.find(({ policyId }) => policyId === entry?.policyId) ?? claims.find((each) => isHolding(each, now)) ?? claims[0] ?? null;
  const said = (await listObjectConditions(tx, cluster.id, key)).filter(({ reason }) => reason !== HUB_REASON);
  const history = await listObjectRevisions(tx, cluster.id, key);
  return {
    cluster,
    key,
    claim,
    placement: claim === null ? null : placementOf(claim, cluster),
    claims,
    shares,
    hash: entry?.hash ?? null,
    revision: entry === undefined ? null : (history[0]?.revision ?? cluster.desiredRevision),
    condition: said.find(({ policyId }) => policyId === claim?.policyId) ?? said.find(({ policyId }) => sharers.has(policyId)) ?? null,
    history,
    look: {},
  };
}

/** The stations from the policy to the mesh, with what stands at each: walked once, and with the live object where the query asks for it. */
export function stepsOf(scope: RequestScope, inspection: ObjectInspection, now: Date): Promise<readonly StepVerdict[]> {
  inspection.way ??= walk(scope, inspection, now);
  return inspection.way;
}

/** When the agent had applied the object as it is desired, and by which revision; null while it has not, or nobody knows any more. */
export async function appliedOf(scope: RequestScope, { cluster, revision, condition }: ObjectInspection): Promise<Acknowledged | null> {
  if (revision === null || condition?.status === 'FAILED' || cluster.ackedRevision < revision) return null;
  return (await findAcknowledged(await scope.read(), cluster.id, revision)) ?? null;
}

/** All fields of an object are resolved in one go: by the next turn, who asks for the live object has done so. */
async function liveOf({ look }: ObjectInspection): Promise<LiveSituation | null> {
  await setImmediate();
  const live = await look.live;
  if (live === undefined || live.error !== null) return null;
  return { found: live.found, changedSince: [...new Set(live.changedSince.map(({ manager }) => manager))], conditions: live.conditions, health: live.health };
}

async function walk(scope: RequestScope, inspection: ObjectInspection, now: Date): Promise<readonly StepVerdict[]> {
  const live = await liveOf(inspection);
  const { cluster, claim, placement, condition, revision, claims } = inspection;
  const tx = await scope.read();
  const { mode } = await readOrganization(tx);
  const findings = await findingsOfCluster(scope, cluster.id, now);
  const holder = claims.find((each) => isHolding(each, now));
  const rollout = rolloutOf(claim);
  const situation: ObjectSituation = {
    policy:
      claim === null || placement === null
        ? null
        : { name: claim.policyName, currentVersion: claim.currentVersion, assignedVersion: claim.assignedVersion, endedAt: rollout === null && hasEnded(claim, now) ? (claim.expiresAt?.toISOString() ?? null) : null, placement },
    rollout,
    heldBy: claim !== null && holder !== undefined && holder.policyId !== claim.policyId ? holder.policyName : null,
    mode,
    cluster: { lifecycle: cluster.status === 'ONLINE' || cluster.status === 'OFFLINE' ? 'ACTIVE' : cluster.status, online: cluster.status === 'ONLINE', lastSeenAt: cluster.lastSeenAt?.toISOString() ?? null },
    revision,
    acknowledgedRevision: cluster.ackedRevision,
    condition,
    live,
    errors: findings.filter(({ object, severity }) => object === inspection.key && severity === 'ERROR'),
  };
  return wayOfObject(situation);
}

const hasEnded = ({ expiresAt }: ObjectClaim, now: Date): boolean => expiresAt !== null && expiresAt <= now;

/** Of several such policies the oldest has the object. */
const isHolding = (claim: ObjectClaim, now: Date): boolean => claim.assignedVersion !== null && !hasEnded(claim, now);

/** A rollout matters while it has yet to bring the current version here. */
function rolloutOf(claim: ObjectClaim | null): ObjectSituation['rollout'] {
  if (claim?.rollout == null || claim.assignedVersion === claim.currentVersion) return null;
  const { status, because } = claim.rollout;
  return { status, why: because, waits: goesOnByItself(status) };
}

export function placementOf(claim: ObjectClaim, cluster: ClusterRow): PlacementDecision {
  const placement = placementSchema.parse(claim.placement);
  const decision = place(placement, cluster);
  if (decision.standing !== 'MATCH' || !isLimited(placement)) return { selected: decision.selected, because: decision.because };
  const selected = claim.assignedVersion !== null;
  return { selected, because: `${decision.because}, and the placement takes only some of those that match: ${selected ? 'this one has a place' : 'this one has none'}` };
}
