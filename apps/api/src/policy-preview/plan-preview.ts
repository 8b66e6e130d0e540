import { MeshfleetError } from '@meshfleet/model';
import { listTouchedClusters, type Tx } from '@meshfleet/store';
import type { GraphqlContext } from '../graphql/context.ts';
import { userErrorsOf } from '../graphql/mutate.ts';
import { userErrorOf, type UserError } from '../graphql/user-error.ts';
import type { RequestScope } from '../request/request-scope.ts';
import type { PreviewPlan, UntouchedPlan } from '../planned-change/plan-change.ts';
import type { PreviewedChange, PreviewArgument, ReadChange } from './previewed-change.ts';
import { previewApply } from './preview-apply.ts';
import { previewDelete } from './preview-delete.ts';
import { previewRollBack } from './preview-roll-back.ts';

export interface PlannedPreview {
  /** Null: the input is not accepted. */
  readonly change: PreviewedChange | null;
  readonly warnings: readonly UserError[];
  readonly userErrors: readonly UserError[];
}

const READERS: Readonly<Record<PreviewArgument, (scope: RequestScope, rawInput: unknown) => Promise<ReadChange>>> = { apply: previewApply, delete: previewDelete, rollBack: previewRollBack };
const ARGUMENTS = ['apply', 'delete', 'rollBack'] as const;

/** Reads the input of a mutation as the mutation would, and plans what it would do. Changes nothing. */
export async function planPreview({ scope }: GraphqlContext, given: { readonly [argument in PreviewArgument]?: unknown }): Promise<PlannedPreview> {
  const tx = await scope.read('VIEWER');
  const [argument, another] = ARGUMENTS.filter((each) => given[each] != null);
  try {
    if (argument === undefined || another !== undefined) throw notOne(ARGUMENTS.filter((each) => given[each] != null));
    const change = await READERS[argument](scope, given[argument]);
    return { change: { ...change, argument, plan: await touching(tx, change.plan) }, warnings: inArgument(argument, change.warnings.map(userErrorOf)), userErrors: [] };
  } catch (error) {
    return { change: null, warnings: [], userErrors: inArgument(argument, userErrorsOf(error)) };
  }
}

/** Errors of a mutation's `input` as those of the argument that it is given by. */
export function inArgument(argument: PreviewArgument | undefined, errors: readonly UserError[]): UserError[] {
  return errors.map((error) => (argument === undefined || error.field?.[0] !== 'input' ? error : { ...error, field: [argument, ...error.field.slice(1)] }));
}

async function touching(tx: Tx, plan: UntouchedPlan): Promise<PreviewPlan> {
  const { placement, policyName, existingId } = plan;
  return { ...plan, touched: await listTouchedClusters(tx, placement, { policyName, policyId: existingId }) };
}

function notOne(given: readonly string[]): MeshfleetError {
  return new MeshfleetError({
    code: 'INVALID_INPUT',
    summary: 'Say what would be done: apply, delete or rollBack',
    why: given.length === 0 ? 'none of the three was given' : `${given.join(' and ')} were given, and a preview is of one change`,
    fix: 'Give one of the three arguments, and no other.',
    where: { field: ['apply'] },
  });
}
