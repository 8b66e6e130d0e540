import { setImmediate } from 'node:timers/promises';
import { analyze, newFindings, withChanges } from '@meshfleet/istio/analysis';
import type { Finding } from '@meshfleet/model';
import { analysedInput } from '../analysis/analysed-input.ts';
import type { RequestScope } from '../request/request-scope.ts';
import type { PreviewPlan } from './plan-preview.ts';
import { changedBodies, type ClusterPreview } from './preview-clusters.ts';

export interface PreviewFindings {
  /** Findings that the change would bring. */
  readonly introduced: readonly Finding[];
  /** Findings that it would end. */
  readonly resolved: readonly Finding[];
}

/** Analyses the cluster as its agent reported it and as it would be, and tells the two apart. */
export async function findingsOf(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview, now: Date): Promise<PreviewFindings> {
  const { loaded, composition } = preview;
  const before = new Map(loaded.previous.state.entries.map(({ key, hash }) => [key, hash]));
  const bodies = await changedBodies(scope, plan, preview);
  const upsert = composition.state.entries
    .filter(({ key, hash }) => before.get(key) !== hash)
    .flatMap(({ hash, policyId }) => {
      const object = bodies.get(hash);
      return object === undefined ? [] : [{ object, policy: policyId }];
    });
  const kept = new Set(composition.state.entries.map(({ key }) => key));
  // Of somebody else's object we give fields up; the object stays.
  const remove = loaded.previous.state.entries.filter(({ key, mode }) => mode !== 'METADATA' && !kept.has(key)).map(({ key }) => key);
  if (upsert.length + remove.length === 0) return { introduced: [], resolved: [] };
  const input = await analysedInput(scope, loaded.id, now);
  // Others are served between one analysis and the next.
  await setImmediate();
  const found = analyze(input);
  await setImmediate();
  const would = analyze(withChanges(input, { upsert, remove }));
  return { introduced: newFindings(found, would), resolved: newFindings(would, found) };
}
