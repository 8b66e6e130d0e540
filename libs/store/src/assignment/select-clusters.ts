import { parseLabelSelector } from '@meshfleet/model';
import type { LabelRequirement } from '@meshfleet/model';
import type { Placement } from '@meshfleet/planner';

/** SQL whose rows are the ids (column `id`) of clusters, with the values of its parameters. */
export interface ClusterSelection {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Clusters that hold assignments. One in quarantine keeps its own, undelivered; one that waits for approval gets none. */
export const PLACEABLE = `('ACTIVE', 'QUARANTINED')`;

/**
 * Compiles a placement to SQL over `cluster_label`, so that its cost follows the clusters that it selects and not the
 * fleet. It selects exactly what `place` of the planner selects. `values` goes on from `given`, the parameters that the
 * surrounding statement has already; the first of them must be the organization's id.
 *
 * Equality of text and uuid alone is used: under row-level security Postgres takes an index for leakproof operators only.
 */
export function selectClusters(placement: Placement, given: readonly unknown[]): ClusterSelection {
  const values = [...given];
  const parameter = (value: unknown, type: string): string => `$${values.push(value)}::${type}`;
  const branches: string[] = [];
  if (placement.clusterNames.length > 0) {
    branches.push(`${CANDIDATES} and c.name = any(${parameter(placement.clusterNames, 'text[]')})`);
  }
  if (placement.clusterSelector !== null) {
    const conditions = parseLabelSelector(placement.clusterSelector).map((requirement) => conditionOf(requirement, parameter));
    branches.push([CANDIDATES, ...conditions].join(' and '));
  }
  return { text: branches.length === 0 ? NOTHING : branches.join(' union '), values };
}

const CANDIDATES = `select c.id from cluster c where c.organization_id = $1 and c.lifecycle in ${PLACEABLE}`;
const NOTHING = `select id from cluster where organization_id = $1 and false`;

function conditionOf(requirement: LabelRequirement, parameter: (value: unknown, type: string) => string): string {
  const key = `l.organization_id = $1 and l.key = ${parameter(requirement.key, 'text')}`;
  switch (requirement.operator) {
    case 'in':
      return `c.id in (${labelled} where ${key} and l.value = any(${parameter(requirement.values, 'text[]')}))`;
    case 'exists':
      return `c.id in (${labelled} where ${key})`;
    // As in Kubernetes, a cluster without the label is "not in" as well.
    case 'notin':
      return `not exists (${labelled} where ${key} and l.cluster_id = c.id and l.value = any(${parameter(requirement.values, 'text[]')}))`;
    case 'absent':
      return `not exists (${labelled} where ${key} and l.cluster_id = c.id)`;
    case 'gt':
    case 'lt': {
      const sign = requirement.operator === 'gt' ? '>' : '<';
      const number = `case when l.value ~ '^[+-]?[0-9]{1,15}$' then l.value::bigint ${sign} ${parameter(requirement.bound, 'bigint')} else false end`;
      return `c.id in (${labelled} where ${key} and ${number})`;
    }
  }
}

const labelled = 'select l.cluster_id from cluster_label l';
