import type { Placement, PlacementCandidate } from '@meshfleet/planner';
import { selectClusters } from '../assignment/select-clusters.ts';
import type { PlacedSubject } from '../assignment/select-clusters.ts';
import type { Sql, Tx } from '../connection/sql.ts';

/** All clusters that compete for the places of a policy: those that its placement matches, whatever its percent or count. */
export async function findPlacementCandidates(tx: Tx, placement: Placement, subject: PlacedSubject): Promise<PlacementCandidate[]> {
  const everybody = { ...placement, percent: null, count: null };
  const { text, values } = selectClusters(everybody, subject, [tx.organizationId]);
  return readCandidates(tx, `c.id in (${text})`, values, subject);
}

/** One cluster as a placement sees it, whether or not it matches; undefined for one that holds no assignments. */
export async function findPlacementCandidate(tx: Tx, clusterId: string, subject: PlacedSubject): Promise<PlacementCandidate | undefined> {
  const [found] = await readCandidates(tx, `c.organization_id = $1 and c.id = $2::uuid and c.lifecycle in ('ACTIVE', 'QUARANTINED')`, [tx.organizationId, clusterId], subject);
  return found;
}

async function readCandidates(sql: Sql, condition: string, values: readonly unknown[], { policyId }: PlacedSubject): Promise<PlacementCandidate[]> {
  const { rows } = await sql.query<PlacementCandidate>(
    `select c.id, c.name, c.labels, c.region, c.zone, c.network, c.mesh,
       exists (select from policy_cluster x where x.cluster_id = c.id and x.policy_id = $${values.length + 1}::uuid and x.version is not null) as held
     from cluster c where ${condition}`,
    [...values, policyId ?? null],
  );
  return rows;
}
