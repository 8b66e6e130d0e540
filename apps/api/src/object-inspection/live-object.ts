import { FIELD_MANAGER } from '@meshfleet/model';
import type { InspectResult } from '@meshfleet/protocol';
import type { Store } from '@meshfleet/store';
import { runAgentTask } from '../agent-task/run-agent-task.ts';
import type { TaskAnswers } from '../agent-task/task-answers.ts';
import { userErrorOf, type UserError } from '../graphql/user-error.ts';
import type { RequestScope } from '../request/request-scope.ts';

export interface FieldManagerView {
  readonly manager: string;
  readonly operation: string;
  readonly subresource: string | null;
  readonly time: string | null;
  readonly fields: readonly string[];
}

/** An object as the cluster's API server has it now. */
export interface LiveObjectView {
  readonly found: boolean;
  readonly manifest: unknown;
  readonly managers: readonly FieldManagerView[];
  /** When we applied it last and something came of it, as the API server noted. */
  readonly appliedAt: string | null;
  /** Those who wrote the object after our last apply, the status left out. */
  readonly changedSince: readonly FieldManagerView[];
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason: string; readonly message: string; readonly of: string | null }[];
  readonly health: NonNullable<InspectResult['health']> | null;
  readonly events: readonly { readonly type: string; readonly reason: string; readonly message: string; readonly count: number; readonly lastSeen: string; readonly source: string }[];
  /** Why nothing can be said. */
  readonly error: UserError | null;
}

/** What to do where the ClusterRole is not what stands in the way. */
const FIXES: Readonly<Record<string, string>> = {
  KindNotManaged: 'Look at it with kubectl: an agent reads what Meshfleet manages alone.',
  KindNotServed: 'Install the definition of the kind in this cluster.',
};

const SILENT = { found: false, manifest: null, managers: [], appliedAt: null, changedSince: [], conditions: [], health: null, events: [] };

/** Asks the cluster's agent for the object, and waits for its answer. */
export async function lookAtLive(parts: { readonly store: Store; readonly answers: TaskAnswers }, scope: RequestScope, clusterId: string, key: string): Promise<LiveObjectView> {
  const organizationId = await scope.organizationId();
  await scope.release();
  const outcome = await runAgentTask(parts, { organizationId, clusterId, kind: 'INSPECT', request: { key }, actor: scope.actor });
  return outcome.answered ? liveView(outcome.result) : { ...SILENT, error: userErrorOf(outcome.error) };
}

export function liveView({ found, object, managers, conditions, health, events, refused }: InspectResult): LiveObjectView {
  const views = managers.map(({ manager, operation, subresource, time, fields }) => ({ manager, operation, subresource: subresource ?? null, time: time ?? null, fields }));
  const ours = views.find(({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply')?.time ?? null;
  const since = ours === null ? [] : views.filter(({ manager, subresource, time }) => manager !== FIELD_MANAGER && subresource === null && time !== null && time > ours);
  return {
    found,
    manifest: object ?? null,
    managers: views,
    appliedAt: ours,
    changedSince: since,
    conditions: conditions.map(({ type, status, reason, message, of }) => ({ type, status, reason, message, of: of ?? null })),
    health: health ?? null,
    events: events ?? [],
    error: refused === undefined ? null : userErrorOf({ code: 'KUBERNETES_REFUSED', summary: refused.message.replace(/\.$/, ''), why: refused.reason, fix: FIXES[refused.reason] ?? 'Look at the ClusterRole of the agent.' }),
  };
}
