import { placementSchema } from '@meshfleet/planner';
import { findPolicyVersions } from '@meshfleet/store';
import { noSuchVersion, returnTo, rollBackPolicy } from '../policy/roll-back-policy.ts';
import { warningsOfVersion } from '../policy/warn-of-intent.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { warningsOfRollout } from '../rollout/warn-of-rollout.ts';
import { planVersion } from '../planned-change/plan-change.ts';
import type { ReadChange } from './previewed-change.ts';
import { readInput } from './read-input.ts';
import { readPolicy } from './read-policy.ts';

/** What `policyRollBack` would do. */
export async function previewRollBack(scope: RequestScope, rawInput: unknown): Promise<ReadChange> {
  const { id, name, version, force, ignoreFindings, ...stage } = readInput(rollBackPolicy.input, rawInput);
  const policy = await readPolicy(scope, { id, name });
  const tx = await scope.read();
  const [found] = await findPolicyVersions(tx, [{ policyId: policy.id, version }]);
  if (found === undefined) throw noSuchVersion(policy.name, version, policy.currentVersion);
  const staged = returnTo(found, policy, stage);
  const placement = placementSchema.parse(found.placement);
  return {
    plan: planVersion(policy.name, policy, { ...found, placement }),
    stage: staged,
    force: { force, ignoreFindings },
    whereIs: () => ({ field: ['input', 'version'] }),
    warnings: [...(await warningsOfVersion(tx, found, placement, { policyName: policy.name, policyId: policy.id })), ...(await warningsOfRollout({ tx, webhookHosts: scope.webhookHosts }, staged))],
    idle: false,
  };
}
