import { assignClusters, assignPolicy, listUnplaced, markExpired, sweepAgentTasks, thawClusters } from '@meshfleet/store';
import type { Store } from '@meshfleet/store';
import { BATCH, compileApproved, compileDue } from '../compile/compile-due.ts';

export interface SweepCounts {
  readonly policies: number;
  readonly clusters: number;
  readonly revised: number;
}

/**
 * Finds what an event has missed: policies and clusters that are not placed as they are now, and assignments that were
 * never compiled, and objects that have come to their end. A few reads of nearly empty indexes when there is nothing.
 */
export async function sweepOrganization(store: Store, organizationId: string): Promise<SweepCounts> {
  let policies = 0;
  let clusters = 0;
  let approvals = 0;
  // Freezes whose time is over: nobody ends them.
  await store.transaction(organizationId, (tx) => thawClusters(tx, 'system:reconciler'));
  for (;;) {
    const due = await store.transaction(organizationId, (tx) => listUnplaced(tx, BATCH), { readOnly: true });
    for (const policyId of due.policyIds) await store.transaction(organizationId, (tx) => assignPolicy(tx, policyId));
    if (due.clusterIds.length > 0) {
      // Before they count as placed: an approval is due until a revision carries it.
      approvals += (await compileApproved(store, organizationId, due.clusterIds, 'system:reconciler')).revised;
      await store.transaction(organizationId, (tx) => assignClusters(tx, due.clusterIds));
    }
    policies += due.policyIds.length;
    clusters += due.clusterIds.length;
    if (due.policyIds.length < BATCH && due.clusterIds.length < BATCH) break;
  }
  await sweepTasks(store, organizationId);
  await store.transaction(organizationId, markExpired);
  const { revised } = await compileDue(store, organizationId);
  return { policies, clusters, revised: revised + approvals };
}

async function sweepTasks(store: Store, organizationId: string): Promise<void> {
  for (;;) {
    const { expired, forgotten } = await store.transaction(organizationId, (tx) => sweepAgentTasks(tx, BATCH));
    if (expired < BATCH && forgotten < BATCH) return;
  }
}
