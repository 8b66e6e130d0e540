import { NOWHERE, planWaves } from '@meshfleet/planner';
import type { Placement, PlannedWave, RolloutStrategy } from '@meshfleet/planner';
import { selectClusters } from '../assignment/select-clusters.ts';
import type { Tx } from '../connection/sql.ts';
import { candidateOf, findCandidates } from './plan-rollout.ts';

/** Which cluster would be in which wave if the rollout were planned now. Changes nothing. */
export async function previewRollout(tx: Tx, policy: { readonly id: string | undefined; readonly name: string }, placement: Placement | null, strategy: RolloutStrategy): Promise<PlannedWave[]> {
  const selected = selectClusters(placement ?? NOWHERE, { policyName: policy.name, policyId: policy.id }, [tx.organizationId, policy.id ?? null]);
  return planWaves(strategy, (await findCandidates(tx, selected)).map(candidateOf));
}
