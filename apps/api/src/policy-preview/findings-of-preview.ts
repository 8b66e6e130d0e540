import { newFindings } from '@meshfleet/istio/analysis';
import type { Finding } from '@meshfleet/model';
import type { ChangeFindings } from '../analysis/judge-change.ts';
import { changeOnceEnded } from '../change-analysis/change-of-cluster.ts';
import { anything, judgeCluster, judgeIn } from '../change-analysis/judge-cluster.ts';
import { unanalysed } from '../change-analysis/unanalysed.ts';
import type { RequestScope } from '../request/request-scope.ts';
import type { PreviewPlan } from '../planned-change/plan-change.ts';
import type { ClusterPreview } from '../planned-change/preview-clusters.ts';

export interface PreviewFindings extends ChangeFindings {
  /** What comes when the objects that it writes have ended, which nothing holds back. */
  readonly atEnd: readonly Finding[];
}

/** What the change would bring to one cluster and what it would end, as the mutation judges it; and what its ends will bring. */
export async function findingsOf(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview, now: Date): Promise<PreviewFindings> {
  try {
    const found = await judgeCluster(scope, plan, preview, now, anything);
    const ended = await judgeIn(scope, preview, () => changeOnceEnded(scope, plan, preview), now, anything);
    return { ...found, atEnd: newFindings(found.introduced, ended.introduced) };
  } catch (error) {
    throw unanalysed(scope, error);
  }
}
