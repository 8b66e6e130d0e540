import type { LabelSelector } from '@meshfleet/model';
import type { Placement } from '@meshfleet/planner';
import { labelConditions } from '../cluster/label-conditions.ts';
import type { Tx } from '../connection/sql.ts';
import { Values } from '../connection/values.ts';
import { PLACEABLE, selectReachedClusters, type PlacedSubject } from './select-clusters.ts';

/** Whether a selector matches any cluster that a policy may be placed in. */
export async function selectsClusters(tx: Tx, selector: LabelSelector): Promise<boolean> {
  const values = new Values([tx.organizationId]);
  const conditions = ['c.organization_id = $1', `c.lifecycle in ${PLACEABLE}`, ...labelConditions(selector, values)];
  const { rows } = await tx.query<{ any: boolean }>(`select exists (select from cluster c where ${conditions.join(' and ')}) as any`, values.list);
  return rows[0]?.any === true;
}

/** For each selector, whether it matches any of the clusters that a change reaches: those that it selects, and those that hold the policy. */
export async function reachesAny(tx: Tx, placement: Placement, subject: PlacedSubject, selectors: readonly LabelSelector[]): Promise<boolean[]> {
  const reached = selectReachedClusters(placement, subject, [tx.organizationId]);
  const values = new Values(reached.values);
  const questions = selectors.map((selector, index) => {
    const conditions = labelConditions(selector, values).map((condition) => ` and ${condition}`);
    return `exists (select from cluster c where c.organization_id = $1 and c.id in (select id from reached)${conditions.join('')}) as "${index}"`;
  });
  const { rows } = await tx.query<Record<string, boolean>>(`with reached (id) as (${reached.text}) select ${questions.join(', ')}`, values.list);
  return selectors.map((_, index) => rows[0]?.[String(index)] === true);
}
