import type { Placement } from '@meshfleet/planner';
import { selectClusters, type PlacedSubject } from '../assignment/select-clusters.ts';
import type { Tx } from '../connection/sql.ts';
import type { TouchedCluster } from './touched-clusters.ts';

/** The clusters that a change of a policy touches, and some of those whose agents have told what is in them. */
export interface ReportedClusters {
  readonly touched: number;
  /** How many of them have reported an inventory. */
  readonly reported: number;
  /** At most as many as asked for: of each mesh and region one after the other, by name. */
  readonly sample: readonly TouchedCluster[];
}

/**
 * Counts what a change would touch, and takes clusters to look at more closely: the same ones each time, and of a large
 * fleet some of each mesh and region before more of the same. Who holds the policy now is found by its name.
 */
export async function sampleReportedClusters(tx: Tx, placement: Placement, subject: PlacedSubject, most: number): Promise<ReportedClusters> {
  const { text, values } = selectClusters(placement, subject, [tx.organizationId]);
  const { rows } = await tx.query<ReportedClusters>(
    `with wanted as materialized (${text}),
     near as materialized (select w.id from wanted w union
       select x.cluster_id from policy_cluster x where x.organization_id = $1 and x.version is not null
         and x.policy_id = (select p.id from policy p where p.organization_id = $1 and p.name = $${values.length + 1} and p.deleted_at is null)),
     touched as (
       select c.id, c.name, c.mesh, c.region, c.id in (select w.id from wanted w) as selected, c.inventory_seq > 0 as reported,
         row_number() over (partition by c.inventory_seq > 0, c.mesh, c.region order by c.name) as turn
       from near n cross join lateral (select * from cluster y where y.id = n.id and y.organization_id = $1 offset 0) c),
     sample as (select * from touched where reported order by turn, mesh, region, name limit $${values.length + 2}::int)
     select (select count(*) from touched)::int as touched, (select count(*) from touched where reported)::int as reported,
       coalesce((select jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name, 'selected', s.selected) order by s.turn, s.mesh, s.region, s.name) from sample s), '[]') as sample`,
    [...values, subject.policyName, most],
  );
  return rows[0] ?? { touched: 0, reported: 0, sample: [] };
}
