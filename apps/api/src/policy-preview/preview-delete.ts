import { deletePolicy, withdrawalOf } from '../policy/delete-policy.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { planWithdrawal } from './plan-change.ts';
import type { ReadChange } from './previewed-change.ts';
import { readInput } from './read-input.ts';
import { readPolicy } from './read-policy.ts';

/** What `policyDelete` would do. */
export async function previewDelete(scope: RequestScope, rawInput: unknown): Promise<ReadChange> {
  const { id, name, force, ignoreFindings, ...stage } = readInput(deletePolicy.input, rawInput);
  const field = id === undefined ? 'name' : 'id';
  const policy = await readPolicy(scope, { id, name });
  return {
    plan: planWithdrawal(policy),
    stage: await withdrawalOf(await scope.read(), policy, stage),
    force: { force, ignoreFindings },
    whereIs: () => ({ field: ['input', field] }),
    warnings: [],
    idle: false,
  };
}
