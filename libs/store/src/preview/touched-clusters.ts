import type { Placement } from '@meshfleet/planner';
import { selectClusters, type PlacedSubject } from '../assignment/select-clusters.ts';
import type { Tx } from '../connection/sql.ts';

/** A cluster that a change of a policy would reach, or leave. */
export interface TouchedCluster {
  readonly id: string;
  readonly name: string;
  /** The placement would select it. */
  readonly selected: boolean;
}

/** Clusters that a placement would select and those that hold the policy now, by name. */
export async function listTouchedClusters(tx: Tx, placement: Placement, subject: PlacedSubject): Promise<TouchedCluster[]> {
  const { text, values } = selectClusters(placement, subject, [tx.organizationId]);
  const { rows } = await tx.query<TouchedCluster>(
    `with wanted as materialized (${text})
     select c.id, c.name, w.id is not null as selected
     from cluster c left join wanted w on w.id = c.id
       left join policy_cluster x on x.cluster_id = c.id and x.policy_id = $${values.length + 1}::uuid and x.version is not null
     where c.organization_id = $1 and (w.id is not null or x.cluster_id is not null)
     order by c.name, c.id`,
    [...values, subject.policyId ?? null],
  );
  return rows;
}
