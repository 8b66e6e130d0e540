import { MeshfleetError, type KubeObject } from '@meshfleet/model';
import { TASK_OBJECTS, coversField, sameEntry, type DesiredEntry, type DryRunObject } from '@meshfleet/protocol';
import type { Store } from '@meshfleet/store';
import { runAgentTask } from '../agent-task/run-agent-task.ts';
import type { TaskAnswers } from '../agent-task/task-answers.ts';
import { objectContent } from '../desired-state/desired-state-loaders.ts';
import { unifiedDiff, yamlOf } from '../desired-state/diff-states.ts';
import { userErrorOf, type UserError } from '../graphql/user-error.ts';
import type { RequestScope } from '../request/request-scope.ts';
import type { PreviewPlan } from './plan-preview.ts';
import { changedBodies, type ClusterPreview } from './preview-clusters.ts';

/** What the cluster's own API server says of the objects that a change would write. */
export interface DryRunView {
  readonly objects: readonly DryRunObjectView[];
  /** Objects beyond what is asked of an agent at once. */
  readonly left: number;
  /** Why the agent was not asked, or did not answer. */
  readonly error: UserError | null;
}

export interface DryRunObjectView extends Pick<DryRunObject, 'key' | 'outcome' | 'reason' | 'message' | 'conflicts'> {
  /** Unified diff of the YAML, from the object as it is to as it would be; null when it was too large to send. */
  readonly diff: string | null;
}

/** Asks the cluster's agent to apply the policy's new and changed objects as a dry run, and waits for its answer. */
export async function dryRun(parts: { readonly store: Store; readonly answers: TaskAnswers }, scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview): Promise<DryRunView> {
  try {
    await scope.read('OPERATOR');
  } catch (error) {
    if (error instanceof MeshfleetError && error.code === 'FORBIDDEN') return { objects: [], left: 0, error: userErrorOf(error) };
    throw error;
  }
  const written = await writtenObjects(scope, plan, preview);
  const objects = written.slice(0, TASK_OBJECTS);
  const left = written.length - objects.length;
  if (objects.length === 0) return { objects: [], left, error: null };
  const organizationId = await scope.organizationId();
  await scope.release();
  const outcome = await runAgentTask(parts, {
    organizationId,
    clusterId: preview.loaded.id,
    kind: 'DRY_RUN',
    request: { objects, conflicts: plan.assignment?.conflicts ?? 'REPORT' },
    actor: scope.actor,
  });
  const entries = new Map(preview.composition.state.entries.map((entry) => [entry.key, entry]));
  const settled = (object: DryRunObject): DryRunObject => takingOver(object, entries.get(object.key));
  return outcome.answered ? { objects: outcome.result.objects.map(settled).map(viewOf), left, error: null } : { objects: [], left, error: userErrorOf(outcome.error) };
}

async function writtenObjects(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview): Promise<KubeObject[]> {
  const before = new Map(preview.loaded.previous.state.entries.map((entry) => [entry.key, entry]));
  const bodies = await changedBodies(scope, plan, preview);
  const written = preview.composition.state.entries.filter((entry) => {
    const held = before.get(entry.key);
    return entry.policyId === plan.policyId && (held === undefined || !sameEntry(held, entry));
  });
  const objects = await Promise.all(written.map(async ({ hash }) => bodies.get(hash) ?? (await objectContent(scope, hash))));
  return objects.filter((object): object is KubeObject => object !== undefined);
}

/** Agents are asked what stands in the way; of that the policy may take over all, or some. */
function takingOver(object: DryRunObject, entry: DesiredEntry | undefined): DryRunObject {
  if (object.outcome !== 'CONFLICT' || entry === undefined) return object;
  const left = entry.conflicts === 'FORCE' ? [] : object.conflicts.filter(({ field }) => !coversField(entry.takeOver ?? [], field));
  if (left.length > 0) return object;
  return { ...object, outcome: 'CHANGED', reason: 'TakenOver', message: `${object.conflicts.map(({ manager, field }) => `${field} of ${manager}`).join(', ')} is taken over.` };
}

function viewOf({ key, outcome, reason, message, conflicts, live, wouldBe, truncated }: DryRunObject): DryRunObjectView {
  // Bodies come from an API server: they are Kubernetes objects.
  const text = (body: unknown): string => (body === undefined ? '' : yamlOf(body as KubeObject));
  return { key, outcome, reason, message, conflicts, diff: truncated === true ? null : unifiedDiff(key, text(live), text(wouldBe)) };
}
