import { MeshfleetError } from '@meshfleet/model';

export interface AnalysisFailure {
  readonly summary: string;
  readonly fix: string;
  /** Whether an error is of what the analysis was read from, and none of its rules. */
  readonly isOutage: (error: unknown) => boolean;
}

/**
 * Why an analysis has no answer: it takes too much (LIMIT_EXCEEDED), or it broke (ANALYSIS_FAILED, with what broke it as its cause). A
 * rule that breaks is no outage: nothing gets better by trying again.
 * @throws whatever else it was, of the store for one
 */
export function failedAnalysis(error: unknown, { summary, fix, isOutage }: AnalysisFailure): MeshfleetError {
  if (error instanceof MeshfleetError && error.code === 'LIMIT_EXCEEDED') return error;
  // What breaks in the thread comes back as INTERNAL.
  if ((error instanceof MeshfleetError && error.code !== 'INTERNAL') || isOutage(error)) throw error;
  return new MeshfleetError({ code: 'ANALYSIS_FAILED', summary, why: 'a rule of the analysis broke, which is a fault of ours', fix }, { cause: error });
}
