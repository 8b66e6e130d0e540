import { deletePolicy, withdrawalOf } from '../policy/delete-policy.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { warningsOfRollout } from '../rollout/warn-of-rollout.ts';
import { planWithdrawal } from '../planned-change/plan-change.ts';
import type { ReadChange } from './previewed-change.ts';
import { readInput } from './read-input.ts';
import { readPolicy } from './read-policy.ts';

/** What `policyDelete` would do. */
export async function previewDelete(scope: RequestScope, rawInput: unknown): Promise<ReadChange> {
  const { id, name, force, ignoreFindings, ...stage } = readInput(deletePolicy.input, rawInput);
  const field = id === undefined ? 'name' : 'id';
  const policy = await readPolicy(scope, { id, name });
  const tx = await scope.read();
  const withdrawal = await withdrawalOf(tx, policy, stage);
  return {
    plan: planWithdrawal(policy),
    stage: withdrawal,
    force: { force, ignoreFindings },
    whereIs: () => ({ field: ['input', field] }),
    warnings: await warningsOfRollout({ tx, webhookHosts: scope.webhookHosts }, withdrawal),
    idle: false,
  };
}
