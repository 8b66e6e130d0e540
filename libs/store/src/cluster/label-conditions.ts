import type { LabelSelector } from '@meshfleet/model';
import type { Values } from '../connection/values.ts';

/**
 * A label selector as conditions on `cluster c`, over `cluster_label`, which holds labels by key and value: the cost follows
 * the clusters that are selected, not the fleet. The list's first value must be the organization's id. It selects exactly
 * what `matchesLabels` of the model does. Equality of text and uuid alone is used: under row-level security Postgres takes
 * an index for leakproof operators only, which those of jsonb are not.
 */
export function labelConditions(selector: LabelSelector, values: Values): string[] {
  return selector.map((requirement) => {
    const key = `l.organization_id = $1 and l.key = ${values.add(requirement.key)}::text`;
    switch (requirement.operator) {
      case 'in':
        return `c.id in (${LABELLED} where ${key} and l.value = any(${values.add(requirement.values)}::text[]))`;
      case 'exists':
        return `c.id in (${LABELLED} where ${key})`;
      // As in Kubernetes, a cluster without the label is "not in" as well.
      case 'notin':
        return `not exists (${LABELLED} where ${key} and l.cluster_id = c.id and l.value = any(${values.add(requirement.values)}::text[]))`;
      case 'absent':
        return `not exists (${LABELLED} where ${key} and l.cluster_id = c.id)`;
      case 'gt':
      case 'lt': {
        const sign = requirement.operator === 'gt' ? '>' : '<';
        const bound = `${values.add(requirement.bound)}::bigint`;
        // Under CASE, because the order of conditions is the planner's choice and a cast of "many" raises.
        return `c.id in (${LABELLED} where ${key} and case when l.value ~ '^[+-]?[0-9]{1,15}$' then l.value::bigint ${sign} ${bound} else false end)`;
      }
    }
  });
}

const LABELLED = 'select l.cluster_id from cluster_label l';
