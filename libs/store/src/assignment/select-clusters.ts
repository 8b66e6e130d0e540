import { parseLabelSelector } from '@meshfleet/model';
import type { Placement } from '@meshfleet/planner';
import { labelConditions } from '../cluster/label-conditions.ts';
import { Values } from '../connection/values.ts';

/** SQL whose rows are the ids (column `id`) of clusters, with the values of its parameters. */
export interface ClusterSelection {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Clusters that hold assignments. One in quarantine keeps its own, undelivered; one that waits for approval gets none. */
export const PLACEABLE = `('ACTIVE', 'QUARANTINED')`;

/**
 * Compiles a placement to SQL, so that its cost follows the clusters that it selects and not the fleet. It selects exactly
 * what `place` of the planner selects. `values` goes on from `given`, the parameters that the surrounding statement has
 * already; the first of them must be the organization's id.
 */
export function selectClusters(placement: Placement, given: readonly unknown[]): ClusterSelection {
  const values = new Values(given);
  const branches: string[] = [];
  if (placement.clusterNames.length > 0) {
    branches.push(`${CANDIDATES} and c.name = any(${values.add(placement.clusterNames)}::text[])`);
  }
  if (placement.clusterSelector !== null) {
    branches.push([CANDIDATES, ...labelConditions(parseLabelSelector(placement.clusterSelector), values)].join(' and '));
  }
  return { text: branches.length === 0 ? NOTHING : branches.join(' union '), values: values.list };
}

const CANDIDATES = `select c.id from cluster c where c.organization_id = $1 and c.lifecycle in ${PLACEABLE}`;
const NOTHING = `select id from cluster where organization_id = $1 and false`;
