import { failedAnalysis } from '@meshfleet/jobs/thread';
import type { MeshfleetError } from '@meshfleet/model';
import { sqlStateOf } from '@meshfleet/store';
import type { RequestScope } from '../request/request-scope.ts';

export type Reporter = Pick<RequestScope, 'report' | 'requestId'>;

/**
 * Why a change has no analysis, in words for who makes it; what broke it goes to the log, under the request id that they are told.
 * @throws whatever else it was, of the store for one
 */
export function unanalysed(scope: Reporter, error: unknown): MeshfleetError {
  const fix = `Have an administrator say force: true, which makes the change without an analysis, and report it with the request id ${scope.requestId}.`;
  const failed = failedAnalysis(error, { summary: 'The change could not be analysed', fix, isOutage: (each) => sqlStateOf(each) !== undefined });
  if (failed.code === 'ANALYSIS_FAILED') scope.report(failed, 'the analysis of a change broke');
  return failed;
}
