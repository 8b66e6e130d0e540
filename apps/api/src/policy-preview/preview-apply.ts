import { findCurrentPolicyVersion } from '@meshfleet/store';
import { locateInPolicy } from '../change-analysis/locate-finding.ts';
import { applyPolicy, isCurrent, otherVersionOf, readIntent, touchedByInput } from '../policy/apply-policy.ts';
import { warningsOf } from '../policy/warn-of-intent.ts';
import { warningsOfRollout } from '../rollout/warn-of-rollout.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { planVersion } from '../planned-change/plan-change.ts';
import type { ReadChange } from './previewed-change.ts';
import { readInput } from './read-input.ts';
import { readPolicyByName } from './read-policy.ts';

/** What `policyApply` would do. */
export async function previewApply(scope: RequestScope, rawInput: unknown): Promise<ReadChange> {
  const input = await readIntent(readInput(applyPolicy.input, rawInput), scope, 'VIEWER');
  const tx = await scope.read();
  const { name, read, placement, rollout, supersede, ignoreFreeze, force, ignoreFindings } = input;
  const policy = await readPolicyByName(scope, name);
  const stage = { rollout, supersede, ignoreFreeze, policy, policyName: name, version: (policy?.currentVersion ?? 0) + 1, touched: touchedByInput(input), placement };
  return {
    plan: planVersion(name, policy, { ...input, objects: read.objects, inputs: read.inputs }),
    stage,
    force: { force, ignoreFindings },
    whereIs: locateInPolicy(input),
    warnings: [...(await warningsOf(tx, input, policy?.id, new Date())), ...(await warningsOfRollout({ tx, webhookHosts: scope.webhookHosts }, stage))],
    conflict: otherVersionOf(input, policy),
    idle: policy !== undefined && isCurrent(policy, await findCurrentPolicyVersion(tx, name), input),
  };
}
