import { NOWHERE, beginRollout, placementLabels, placementSchema, planWaves } from '@meshfleet/planner';
import type { PlaceableCluster, RolloutCandidate } from '@meshfleet/planner';
import { placePolicy } from '../assignment/assign-policy.ts';
import { PLACEABLE, selectClusters } from '../assignment/select-clusters.ts';
import { isOffline } from '../cluster/cluster-row.ts';
import type { Tx } from '../connection/sql.ts';
import type { RolloutRow } from './rollout-row.ts';

interface Candidate extends PlaceableCluster {
  id: string;
  online: boolean;
  held: number | null;
  wanted: boolean;
  /** A rollout before this one has said what it holds, also where that is nothing. */
  spoken: boolean;
}

/**
 * Gives a locked rollout its clusters: those that hold something of the policy, and those that the target's placement
 * selects, each with its wave and what it holds now. From here the rollout has the word in them.
 */
export async function planRollout(tx: Tx, row: RolloutRow, now: Date): Promise<RolloutRow> {
  const { policyId, version } = row;
  const policy = await readPolicy(tx, policyId, version);
  // Whatever was asked for before is assigned before it is noted as held.
  if (!policy.placed) await placePolicy(tx, policyId);
  const placement = version === null || policy.placement === null ? NOWHERE : placementSchema.parse(policy.placement);
  const find = () => findCandidates(tx, selectClusters(placement, { policyName: policy.name, policyId }, [tx.organizationId, policyId]));
  let candidates = await find();
  const stable = candidates.some(({ held }) => held === null) ? await selectedByStable(tx, policyId, policy) : NONE;
  const isNewcomer = ({ id, held, spoken }: Candidate): boolean => held === null && !spoken && stable.has(id);
  // A cluster that has just come, and has not been given what it gets: should the rollout be aborted, or rolled back where clusters hold different versions,
  // its row would leave it with nothing. One that is frozen is given it when it is thawed: to the rollout it is one that is yet to come.
  if (candidates.some(isNewcomer)) {
    await placePolicy(tx, policyId, 'SPARE_FROZEN');
    candidates = (await find()).filter((candidate) => !isNewcomer(candidate));
  }
  // The stable version's placement would give it something else than it holds: rows are to say so, also when this has been rolled back.
  const isApart = ({ id, held }: Candidate): boolean => (held === null ? stable.has(id) : held !== policy.stableVersion);
  const waves = planWaves(row.strategy, candidates.map(candidateOf));
  const { clusters, ...state } = beginRollout(waves);
  const reasons = waves.flatMap((wave) => wave.clusters.map(({ because }) => because));
  const byId = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  tx.send(INSERT_CLUSTERS, [
    tx.organizationId,
    row.id,
    clusters.map(({ id }) => id),
    clusters.map(({ wave }) => wave),
    reasons,
    clusters.map(({ id }) => byId.get(id)?.held ?? null),
    clusters.map(({ id }) => (byId.get(id)?.wanted === true ? version : null)),
  ]);
  const mixed = candidates.some(isApart);
  tx.send(`update rollout set planned = true, mixed = $3, state = $4 where organization_id = $1 and id = $2`, [tx.organizationId, row.id, mixed, JSON.stringify(state)]);
  tx.send(`insert into rollout_event (organization_id, rollout_id, at, kind, message) values ($1, $2, $3, 'PLANNED', $4)`, [
    tx.organizationId,
    row.id,
    now,
    `${clusters.length} ${clusters.length === 1 ? 'cluster' : 'clusters'} in ${waves.length} ${waves.length === 1 ? 'wave' : 'waves'}`,
  ]);
  // Nothing moves by this alone: rows say what clusters hold already.
  tx.send(`update policy set rollout_id = $3 where organization_id = $1 and id = $2`, [tx.organizationId, policyId, row.id]);
  return { ...row, planned: true, mixed, state };
}

interface PlannedPolicy {
  name: string;
  placed: boolean;
  stableVersion: number | null;
  placement: unknown;
  /** Of the stable version. */
  stablePlacement: unknown;
}

async function readPolicy(tx: Tx, policyId: string, version: number | null): Promise<PlannedPolicy> {
  const { rows } = await tx.query<PlannedPolicy>(
    `select p.name, p.placed, p.stable_version as "stableVersion", v.placement, s.placement as "stablePlacement"
     from policy p left join policy_version v on v.policy_id = p.id and v.version = $3
       left join policy_version s on s.policy_id = p.id and s.version = p.stable_version where p.organization_id = $1 and p.id = $2`,
    [tx.organizationId, policyId, version],
  );
  return rows[0] ?? { name: '', placed: true, stableVersion: null, placement: null, stablePlacement: null };
}

const NONE: ReadonlySet<string> = new Set();

/** Clusters that the stable version's placement selects. */
async function selectedByStable(tx: Tx, policyId: string, { name, stablePlacement }: PlannedPolicy): Promise<ReadonlySet<string>> {
  if (stablePlacement === null) return NONE;
  const { text, values } = selectClusters(placementSchema.parse(stablePlacement), { policyName: name, policyId }, [tx.organizationId]);
  const { rows } = await tx.query<{ id: string }>(text, values);
  return new Set(rows.map(({ id }) => id));
}

/** Clusters that hold something of the policy ($2), that `wanted` selects, or that a rollout which has left clusters apart speaks of: also of nothing. */
export async function findCandidates(tx: Tx, wanted: { readonly text: string; readonly values: readonly unknown[] }): Promise<Candidate[]> {
  const { rows } = await tx.query<Candidate>(
    `with wanted as materialized (${wanted.text}),
     spoken as materialized (select k.cluster_id as id from policy p join rollout_cluster k on k.rollout_id = p.rollout_id where p.id = $2::uuid),
     near as materialized (select w.id from wanted w
       union select y.cluster_id from policy_cluster y where y.organization_id = $1 and y.policy_id = $2::uuid and y.version is not null
       union select s.id from spoken s)
     select c.id, c.name, c.labels, c.region, c.zone, c.network, c.mesh, c.lifecycle = 'ACTIVE' and not ${isOffline('c.last_seen_at')} as online,
       x.version as held, c.id in (select w.id from wanted w) as wanted, c.id in (select s.id from spoken s) as spoken
     from near n cross join lateral (select * from cluster y where y.id = n.id and y.organization_id = $1 and y.lifecycle in ${PLACEABLE} offset 0) c
       left join policy_cluster x on x.cluster_id = c.id and x.policy_id = $2::uuid`,
    wanted.values,
  );
  return rows;
}

export function candidateOf(cluster: Candidate): RolloutCandidate {
  return { id: cluster.id, name: cluster.name, labels: placementLabels(cluster), online: cluster.online };
}

const INSERT_CLUSTERS = `
  insert into rollout_cluster (organization_id, rollout_id, cluster_id, wave, because, phase, held_version, target_version, version)
  select $1, $2, w.cluster_id, w.wave, w.because, 'PENDING', w.held, w.target, w.held
  from unnest($3::uuid[], $4::int[], $5::text[], $6::int[], $7::int[]) as w (cluster_id, wave, because, held, target)
  on conflict (rollout_id, cluster_id) do nothing`;
