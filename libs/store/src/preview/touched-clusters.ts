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
    `with wanted as materialized (${text}),
     near as materialized (select w.id from wanted w union
       select x.cluster_id from policy_cluster x where x.organization_id = $1 and x.policy_id = $${values.length + 1}::uuid and x.version is not null)
     select c.id, c.name, c.id in (select w.id from wanted w) as selected
     from near n cross join lateral (select * from cluster y where y.id = n.id and y.organization_id = $1 offset 0) c
     order by c.name, c.id`,
    [...values, subject.policyId ?? null],
  );
  return rows;
}
