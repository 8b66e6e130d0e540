import { setImmediate } from 'node:timers/promises';
import type { BlastRadius } from '@meshfleet/istio';
import { MeshfleetError } from '@meshfleet/model';
import { diffKeys } from '../desired-state/diff-states.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { blastRadiusOf } from './blast-radius-of-preview.ts';
import type { PreviewPlan } from '../planned-change/plan-change.ts';
import { composeAll, type ClusterPreview } from '../planned-change/preview-clusters.ts';

/** So many clusters are composed for a summary; the numbers of more would keep the process from everybody else. */
const MOST_CLUSTERS = 1000;
const TOGETHER = 20;

export interface PreviewSummary {
  readonly clusters: number;
  readonly changedClusters: number;
  readonly addedObjects: number;
  readonly changedObjects: number;
  readonly removedObjects: number;
  readonly namespaces: number;
  readonly workloads: number;
  readonly services: number;
  readonly complete: boolean;
}

/** What a change would do to all clusters that it touches, added up. */
export async function summarizePreview(scope: RequestScope, plan: PreviewPlan): Promise<PreviewSummary> {
  const sum = { changedClusters: 0, addedObjects: 0, changedObjects: 0, removedObjects: 0, namespaces: 0, workloads: 0, services: 0 };
  let whole = true;
  const looked = plan.touched.slice(0, MOST_CLUSTERS);
  for (let from = 0; from < looked.length; from += TOGETHER) {
    const tx = await scope.read();
    const previews = await composeAll(tx, plan, looked.slice(from, from + TOGETHER).map(({ id }) => id));
    const changed = previews.filter((preview) => preview?.composition.changed === true).filter((preview) => preview !== undefined);
    const radii: (BlastRadius | undefined)[] = [];
    for (const preview of changed) radii.push(await radiusIfSmallEnough(scope, plan, preview));
    whole &&= radii.every((radius) => radius !== undefined);
    // Others are served between one part of the fleet and the next, and what was read for this one is let go.
    await setImmediate();
    for (const [index, { loaded, composition }] of changed.entries()) {
      const keys = diffKeys(loaded.previous.state, composition.state);
      sum.changedClusters += 1;
      sum.addedObjects += keys.added.length;
      sum.changedObjects += keys.changed.length;
      sum.removedObjects += keys.removed.length;
      sum.namespaces += radii[index]?.namespaces.length ?? 0;
      sum.workloads += radii[index]?.workloads.length ?? 0;
      sum.services += radii[index]?.services.length ?? 0;
    }
  }
  return { clusters: plan.touched.length, ...sum, complete: whole && looked.length === plan.touched.length };
}

/** Of a cluster that is too large to be looked through, nothing is added up. */
async function radiusIfSmallEnough(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview): Promise<BlastRadius | undefined> {
  try {
    return await blastRadiusOf(scope, plan, preview);
  } catch (error) {
    if (error instanceof MeshfleetError && error.code === 'LIMIT_EXCEEDED') return undefined;
    throw error;
  }
}
