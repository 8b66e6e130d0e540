import { MeshfleetError, type ErrorEnvelope } from '@meshfleet/model';
import { findPolicyByName, listTouchedClusters, type PolicyRow, type Tx } from '@meshfleet/store';
import { z } from 'zod';
import type { GraphqlContext } from '../graphql/context.ts';
import type { WhereIs } from '../change-analysis/admit-findings.ts';
import { locateInPolicy } from '../change-analysis/locate-finding.ts';
import { userErrorsOf } from '../graphql/mutate.ts';
import { InputProblems, problemsOf, userErrorOf, type UserError } from '../graphql/user-error.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { applyPolicy, readIntent } from '../policy/apply-policy.ts';
import { endWarnings } from '../policy/end-of-object.ts';
import { findPolicy } from '../policy/find-policy.ts';
import { planVersion, planWithdrawal, type PreviewPlan, type UntouchedPlan } from './plan-change.ts';

export interface PlannedPreview {
  readonly plan: PreviewPlan | null;
  /** Where what the analysis finds stands in the input. */
  readonly whereIs: WhereIs;
  readonly warnings: readonly UserError[];
  readonly userErrors: readonly UserError[];
}

interface Planned extends Pick<PlannedPreview, 'whereIs'> {
  readonly plan: PreviewPlan;
  readonly warnings: readonly ErrorEnvelope[];
}

const deletion = z.object({ id: z.string().nullish(), name: z.string().nullish() });

/** Reads the input of `policyApply` or `policyDelete` as these would, and plans what they would do. Changes nothing. */
export async function planPreview({ scope }: GraphqlContext, given: { apply?: unknown; delete?: unknown }): Promise<PlannedPreview> {
  const tx = await scope.read('VIEWER');
  try {
    if ((given.apply == null) === (given.delete == null)) {
      throw new MeshfleetError({ code: 'INVALID_INPUT', summary: 'Say what would be done: either apply or delete', fix: 'Give one of the two arguments, and not both.', where: { field: ['apply'] } });
    }
    const { warnings, ...planned } = given.apply == null ? await planDeletion(tx, given.delete) : await planApplication(scope, given.apply);
    return { ...planned, warnings: warnings.map(userErrorOf), userErrors: [] };
  } catch (error) {
    return { plan: null, whereIs: () => ({}), warnings: [], userErrors: userErrorsOf(error) };
  }
}

async function planApplication(scope: RequestScope, rawInput: unknown): Promise<Planned> {
  const parsed = applyPolicy.input.safeParse(withoutNulls(rawInput));
  if (!parsed.success) throw new InputProblems(problemsOf(parsed.error));
  const input = await readIntent(parsed.data, scope, 'VIEWER');
  const tx = await scope.read();
  const policy = await findPolicyByName(tx, input.name);
  const plan = planVersion(input.name, policy, { ...input, objects: input.read.objects, inputs: input.read.inputs });
  return { warnings: [...input.read.warnings, ...endWarnings(input.read.objects, new Date())], plan: await touching(tx, plan), whereIs: locateInPolicy(input) };
}

async function planDeletion(tx: Tx, rawInput: unknown): Promise<Planned> {
  const named = deletion.parse(rawInput);
  const policy = await findDeleted(tx, named);
  return { warnings: [], plan: await touching(tx, planWithdrawal(policy)), whereIs: () => ({ field: ['delete', typeof named.name === 'string' ? 'name' : 'id'] }) };
}

async function touching(tx: Tx, plan: UntouchedPlan): Promise<PreviewPlan> {
  const { placement, policyName, existingId } = plan;
  return { ...plan, touched: await listTouchedClusters(tx, placement, { policyName, policyId: existingId }) };
}

async function findDeleted(tx: Tx, { id, name }: z.output<typeof deletion>): Promise<PolicyRow> {
  const policy = await findPolicy(tx, { id, name });
  if (policy !== undefined) return policy;
  throw new MeshfleetError({ code: 'NOT_FOUND', summary: 'There is no such policy', fix: 'Give the id or the name of one that the organization lists.', where: { field: ['delete', typeof name === 'string' ? 'name' : 'id'] } });
}

/** GraphQL says null for what is left out; inputs of mutations take both for the same. */
function withoutNulls(input: unknown): unknown {
  return Object.fromEntries(Object.entries(input as Record<string, unknown>).filter(([field, value]) => value != null && field !== 'idempotencyKey'));
}
