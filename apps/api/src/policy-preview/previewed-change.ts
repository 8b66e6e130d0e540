import type { ErrorEnvelope, MeshfleetError } from '@meshfleet/model';
import type { WhereIs } from '../change-analysis/admit-findings.ts';
import type { ForceInput } from '../change-analysis/force-input.ts';
import type { StagedChange } from '../rollout/stage-change.ts';
import type { PreviewPlan, UntouchedPlan } from '../planned-change/plan-change.ts';

/** The arguments of `policyPreview`: the inputs of the mutations that would make the change. */
export type PreviewArgument = 'apply' | 'delete' | 'rollBack';

/** What one of the three mutations would do, read from its input as the mutation reads it. */
export interface ReadChange {
  readonly plan: UntouchedPlan;
  /** How it would reach clusters. */
  readonly stage: StagedChange;
  readonly force: ForceInput;
  /** Where what the analysis finds stands in the input. */
  readonly whereIs: WhereIs;
  readonly warnings: readonly ErrorEnvelope[];
  /** Refused before anybody looks at clusters. */
  readonly conflict?: MeshfleetError | undefined;
  /** The policy says all of it already: the mutation would write nothing, and judge nothing. */
  readonly idle: boolean;
}

export interface PreviewedChange extends ReadChange {
  readonly argument: PreviewArgument;
  readonly plan: PreviewPlan;
}
