import { MeshfleetError, type ErrorEnvelope, type KubeObject } from '@meshfleet/model';
import { NOWHERE, type Placement } from '@meshfleet/planner';
import { findPolicies, findPolicyByName, listTouchedClusters, uuidv7, type LoadedAssignment, type PolicyRow, type TouchedCluster, type Tx } from '@meshfleet/store';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { GraphqlContext } from '../graphql/context.ts';
import { parseGlobalId } from '../graphql/global-id.ts';
import { userErrorsOf } from '../graphql/mutate.ts';
import { InputProblems, problemsOf, userErrorOf, type UserError } from '../graphql/user-error.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { applyPolicy, readIntent } from '../policy/apply-policy.ts';

/** A change of one policy that nobody has made yet: what it would assign, and whom it would touch. */
export interface PreviewPlan {
  /** Under which the clusters of this preview are batched and remembered. */
  readonly name: symbol;
  readonly policyId: string;
  readonly policyName: string;
  /** What its clusters would be assigned; null when the policy would be deleted. */
  readonly assignment: LoadedAssignment | null;
  /** Objects by hash; templates, where they differ from cluster to cluster. */
  readonly bodies: ReadonlyMap<string, KubeObject>;
  readonly placement: Placement;
  readonly touched: readonly TouchedCluster[];
}

export interface PlannedPreview {
  readonly plan: PreviewPlan | null;
  readonly warnings: readonly UserError[];
  readonly userErrors: readonly UserError[];
}

const deletion = z.object({ id: z.string().nullish(), name: z.string().nullish() });

/** Reads the input of `policyApply` or `policyDelete` as these would, and plans what they would do. Changes nothing. */
export async function planPreview({ scope }: GraphqlContext, given: { apply?: unknown; delete?: unknown }): Promise<PlannedPreview> {
  const tx = await scope.read('VIEWER');
  try {
    if ((given.apply == null) === (given.delete == null)) {
      throw new MeshfleetError({ code: 'INVALID_INPUT', summary: 'Say what would be done: either apply or delete', fix: 'Give one of the two arguments, and not both.', where: { field: ['apply'] } });
    }
    const { plan, warnings } = given.apply == null ? await planDeletion(tx, given.delete) : await planApplication(scope, given.apply);
    return { plan, warnings: warnings.map(userErrorOf), userErrors: [] };
  } catch (error) {
    return { plan: null, warnings: [], userErrors: userErrorsOf(error) };
  }
}

async function planApplication(scope: RequestScope, rawInput: unknown): Promise<{ plan: PreviewPlan; warnings: readonly ErrorEnvelope[] }> {
  const parsed = applyPolicy.input.safeParse(withoutNulls(rawInput));
  if (!parsed.success) throw new InputProblems(problemsOf(parsed.error));
  const input = await readIntent(parsed.data, scope, 'VIEWER');
  const tx = await scope.read();
  const policy = await findPolicyByName(tx, input.name);
  const policyId = policy?.id ?? newId();
  const { placement, drift, conflicts, variables, patches } = input;
  const objects = input.read.objects.map(({ body: _body, ...object }) => object);
  const { inputs } = input.read;
  const version = (policy?.currentVersion ?? 0) + 1;
  const createdAt = policy?.createdAt.getTime() ?? Date.now();
  return {
    warnings: input.read.warnings,
    plan: {
      name: Symbol('preview'),
      policyId,
      policyName: input.name,
      assignment: { policyId, policyName: input.name, createdAt, version, objects, drift, conflicts, inputs, variables, patches },
      bodies: new Map(input.read.objects.map(({ hash, body }) => [hash, body])),
      placement,
      touched: await listTouchedClusters(tx, placement, { policyName: input.name, policyId: policy?.id }),
    },
  };
}

async function planDeletion(tx: Tx, rawInput: unknown): Promise<{ plan: PreviewPlan; warnings: readonly ErrorEnvelope[] }> {
  const policy = await findDeleted(tx, deletion.parse(rawInput));
  return {
    warnings: [],
    plan: {
      name: Symbol('preview'),
      policyId: policy.id,
      policyName: policy.name,
      assignment: null,
      bodies: new Map(),
      placement: NOWHERE,
      touched: await listTouchedClusters(tx, NOWHERE, { policyName: policy.name, policyId: policy.id }),
    },
  };
}

async function findDeleted(tx: Tx, { id, name }: z.output<typeof deletion>): Promise<PolicyRow> {
  const parsed = typeof id === 'string' ? parseGlobalId(id) : undefined;
  const byId = parsed?.type === 'Policy' ? (await findPolicies(tx, [parsed.id]))[0] : undefined;
  const policy = typeof name === 'string' ? await findPolicyByName(tx, name) : byId;
  if (policy !== undefined) return policy;
  throw new MeshfleetError({ code: 'NOT_FOUND', summary: 'There is no such policy', fix: 'Give the id or the name of one that the organization lists.', where: { field: ['delete', typeof name === 'string' ? 'name' : 'id'] } });
}

/** A policy that does not exist yet is younger than all others, and loses every object that two want. */
const newId = (): string => uuidv7(new Date(), randomBytes(10));

/** GraphQL says null for what is left out; inputs of mutations take both for the same. */
function withoutNulls(input: unknown): unknown {
  return Object.fromEntries(Object.entries(input as Record<string, unknown>).filter(([field, value]) => value != null && field !== 'idempotencyKey'));
}
