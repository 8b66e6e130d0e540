import type { ErrorEnvelope } from '@meshfleet/model';
import type { Placement } from '@meshfleet/planner';
import { existingClusterNames, type Tx } from '@meshfleet/store';
import type { Intent } from './apply-policy.ts';
import { endWarnings } from './end-of-object.ts';
import { unservedKinds } from './unserved-kinds.ts';

/** What works in a policy that is applied, and should be looked at. */
export async function warningsOf(tx: Tx, { name, read, placement }: Pick<Intent, 'name' | 'read' | 'placement'>, policyId: string | undefined, now: Date): Promise<ErrorEnvelope[]> {
  return [...read.warnings, ...endWarnings(read.objects, now), ...(await unknownClusters(tx, placement)), ...(await unservedKinds(tx, read, placement, { policyName: name, policyId }))];
}

/** A cluster may be named before it enrols; more often its name is misspelt. */
async function unknownClusters(tx: Tx, { clusterNames }: Placement): Promise<ErrorEnvelope[]> {
  if (clusterNames.length === 0) return [];
  const known = new Set(await existingClusterNames(tx, clusterNames));
  return clusterNames
    .filter((name) => !known.has(name))
    .map((name) => ({
      code: 'NOT_FOUND',
      summary: `There is no cluster named ${name}`,
      fix: 'Check the spelling; when a cluster of that name enrols, it will get the policy.',
      where: { field: ['input', 'placement', 'clusterNames'] },
    }));
}
