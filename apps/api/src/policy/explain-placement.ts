import { NOWHERE, choosePlaces, isLimited, placementSchema } from '@meshfleet/planner';
import { findPlacementCandidate, findPlacementCandidates, type PolicyRow } from '@meshfleet/store';
import { clusterById } from '../cluster/cluster-loaders.ts';
import { clusterView } from '../cluster/cluster-view.ts';
import { parseGlobalId } from '../graphql/global-id.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { policyVersion } from './policy-loaders.ts';

/** Why a cluster has a policy's current version, or why not, as GraphQL's type PlacementDecision; null without such a cluster. */
export async function explainPlacement(scope: RequestScope, policy: PolicyRow, clusterId: string) {
  const parsed = parseGlobalId(clusterId);
  const cluster = parsed?.type === 'Cluster' ? await clusterById(scope, parsed.id) : undefined;
  if (cluster === undefined) return null;
  const decided = await decide(scope, policy, cluster.id);
  return { cluster: clusterView(cluster), ...decided };
}

async function decide(scope: RequestScope, policy: PolicyRow, clusterId: string): Promise<{ selected: boolean; because: string }> {
  if (policy.deletedAt !== null) return { selected: false, because: 'the policy was deleted' };
  const tx = await scope.read();
  const subject = { policyName: policy.name, policyId: policy.id };
  const version = await policyVersion(scope, { policyId: policy.id, version: policy.currentVersion });
  const placement = version === undefined ? NOWHERE : placementSchema.parse(version.placement);
  const candidate = await findPlacementCandidate(tx, clusterId, subject);
  if (candidate === undefined) return { selected: false, because: 'it waits for approval or was evicted, and such a cluster holds no policies' };
  // Whether there is a place depends on who else competes for it.
  const others = isLimited(placement) ? await findPlacementCandidates(tx, placement, subject) : [];
  const decisions = choosePlaces(placement, policy.name, [candidate, ...others.filter(({ id }) => id !== clusterId)]);
  return decisions.get(clusterId) ?? { selected: false, because: 'the placement does not reach it' };
}
