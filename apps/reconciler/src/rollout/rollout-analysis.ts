import { analysisInputOf, analyze, newErrors } from '@meshfleet/istio/analysis';
import type { RolloutAnalysis } from '@meshfleet/store';

/** What the findings gate of rollouts compares: the errors of a cluster before it was told of a version, and since. */
export const rolloutAnalysis: RolloutAnalysis = {
  errorsOf: (inventory, neighbours, now) => analyze(analysisInputOf(inventory, { now, ...neighbours })).filter(({ severity }) => severity === 'ERROR'),
  newErrors,
};
