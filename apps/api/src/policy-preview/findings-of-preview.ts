import type { ChangeFindings } from '../analysis/judge-change.ts';
import { anything, judgeCluster } from '../change-analysis/judge-cluster.ts';
import type { RequestScope } from '../request/request-scope.ts';
import type { PreviewPlan } from './plan-change.ts';
import type { ClusterPreview } from './preview-clusters.ts';

/** What the change would bring to one cluster and what it would end, as the mutation judges it. */
export function findingsOf(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview, now: Date): Promise<ChangeFindings> {
  return judgeCluster(scope, plan, preview, now, anything);
}
