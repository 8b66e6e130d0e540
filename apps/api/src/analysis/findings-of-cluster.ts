import { analyze } from '@meshfleet/istio/analysis';
import type { Finding } from '@meshfleet/model';
import type { RequestScope } from '../request/request-scope.ts';
import { analysedInput } from './analysed-input.ts';

const FINDINGS = Symbol('findings of a cluster');

/** What the analysis finds in a cluster as its agent reported it; once in a request. */
export function findingsOfCluster(scope: RequestScope, clusterId: string, now: Date): Promise<readonly Finding[]> {
  const analyzeAll = (ids: readonly string[]): Promise<(readonly Finding[])[]> =>
    Promise.all(ids.map(async (id) => analyze(await analysedInput(scope, id, now))));
  return scope.loader<string, readonly Finding[]>(FINDINGS, (_tx, ids) => analyzeAll(ids)).load(clusterId);
}
