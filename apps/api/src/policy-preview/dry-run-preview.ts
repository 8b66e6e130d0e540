import { LEFT_BEHIND_MANAGER, MeshfleetError, jsonOfObject, metadataFieldsOf, withMetadataFields, type ErrorEnvelope, type KubeObject } from '@meshfleet/model';
import { TASK_OBJECTS, coversField, digestOfEntry, sameEntry, type DesiredEntry, type DryRunObject, type Tombstone } from '@meshfleet/protocol';
import { readTaskTarget, type Store, type Tx } from '@meshfleet/store';
import { runAgentTask } from '../agent-task/run-agent-task.ts';
import type { TaskAnswers } from '../agent-task/task-answers.ts';
import { objectContent } from '../desired-state/desired-state-loaders.ts';
import { unifiedDiff, yamlOf } from '../desired-state/diff-states.ts';
import { userErrorOf, type UserError } from '../graphql/user-error.ts';
import type { RequestScope } from '../request/request-scope.ts';
import type { PreviewPlan } from '../planned-change/plan-change.ts';
import { changedBodies, type ClusterPreview } from '../planned-change/preview-clusters.ts';

/** What the cluster's own API server says of the objects that a change would write or withdraw. */
export interface DryRunView {
  readonly objects: readonly DryRunObjectView[];
  /** Objects beyond what is asked of an agent at once. */
  readonly left: number;
  /** What the agent does not say. */
  readonly warnings: readonly UserError[];
  /** Why the agent was not asked, or did not answer. */
  readonly error: UserError | null;
}

export interface DryRunObjectView extends Pick<DryRunObject, 'key' | 'outcome' | 'reason' | 'message' | 'conflicts'> {
  /** Unified diff of the YAML, from the object as it is to as it would be; null when it was too large to send. */
  readonly diff: string | null;
}

/**
 * Asks the cluster's agent for a dry run of what the change would write and withdraw, whichever policy it is for (an object may pass to another one),
 * and waits for its answer.
 */
export async function dryRun(parts: { readonly store: Store; readonly answers: TaskAnswers }, scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview): Promise<DryRunView> {
  const nothing: DryRunView = { objects: [], left: 0, warnings: [], error: null };
  let tx: Tx;
  try {
    tx = await scope.read('OPERATOR');
  } catch (error) {
    if (error instanceof MeshfleetError && error.code === 'FORBIDDEN') return { ...nothing, error: userErrorOf(error) };
    throw error;
  }
  const target = await readTaskTarget(tx, preview.loaded.id);
  const written = await writtenObjects(scope, plan, preview);
  const objects = written.slice(0, TASK_OBJECTS);
  const withdrawn = withdrawnObjects(preview);
  const tombstones = withdrawn.slice(0, TASK_OBJECTS - objects.length);
  const left = written.length - objects.length + withdrawn.length - tombstones.length;
  // Who does not answer at all is told so instead.
  const outdated = target?.features?.includes('TASKS') === true && !target.features.includes('HAND_BACK') && (withdrawn.length > 0 || changesSomething(preview));
  const warnings = outdated ? [userErrorOf(TOO_OLD_TO_SAY)] : [];
  if (objects.length + (outdated ? 0 : tombstones.length) === 0) return { ...nothing, left, warnings };
  const organizationId = await scope.organizationId();
  await scope.release();
  const { loaded, composition } = preview;
  const outcome = await runAgentTask(parts, {
    organizationId,
    clusterId: loaded.id,
    kind: 'DRY_RUN',
    request: {
      objects,
      conflicts: 'REPORT',
      ...(outdated || tombstones.length === 0 ? {} : { withdrawal: { tombstones, listed: composition.state.entries.length, approvedDeletions: loaded.approvedDeletions } }),
    },
    actor: scope.actor,
  });
  if (!outcome.answered) return { ...nothing, left, error: userErrorOf(outcome.error) };
  const entries = new Map(composition.state.entries.map((entry) => [entry.key, entry]));
  const settled = outcome.result.objects.map((object) => judged(object, entries.get(object.key)));
  return { objects: oncePerKey(settled).map(viewOf), left, warnings, error: null };
}

const TOO_OLD_TO_SAY: ErrorEnvelope = {
  code: 'AGENT_OUTDATED',
  summary: 'The agent of this cluster is too old to say what would be given back, or what a withdrawal leaves',
  why: 'only the agent knows what stood there before, and this one does not tell',
  fix: 'Install the agent that belongs to this hub; what the hub itself knows is in `diff`.',
};

async function writtenObjects(scope: RequestScope, plan: PreviewPlan, preview: ClusterPreview): Promise<KubeObject[]> {
  const before = new Map(preview.loaded.previous.state.entries.map((entry) => [entry.key, entry]));
  const bodies = await changedBodies(scope, plan, preview);
  const written = preview.composition.state.entries.filter((entry) => {
    const held = before.get(entry.key);
    return held === undefined || !sameEntry(held, entry);
  });
  const objects = await Promise.all(written.map(async ({ hash }) => bodies.get(hash) ?? (await objectContent(scope, hash))));
  return objects.filter((object): object is KubeObject => object !== undefined);
}

/** What the change would withdraw; what was withdrawn before is none of its doing. */
function withdrawnObjects({ loaded, composition }: ClusterPreview): Tombstone[] {
  const before = new Set(loaded.previous.state.tombstones.map(nameOf));
  return composition.state.tombstones.filter((tombstone) => !before.has(nameOf(tombstone)));
}

const nameOf = ({ key, policyId }: Tombstone): string => `${policyId} ${key}`;

/** Whether something that it holds would be held otherwise: of what is new to it, nothing can be given back. */
function changesSomething({ loaded, composition }: ClusterPreview): boolean {
  const before = new Map(loaded.previous.state.entries.map(({ key, hash }) => [key, hash]));
  return composition.state.entries.some(({ key, hash }) => before.has(key) && before.get(key) !== hash);
}

/** An object may be withdrawn for several policies, for one of which it was applied: that one counts. */
function oncePerKey(objects: readonly DryRunObject[]): DryRunObject[] {
  const found = new Map<string, DryRunObject>();
  for (const object of objects) if (object.reason !== 'NotOurs' || !found.has(object.key)) found.set(object.key, object);
  return [...found.values()];
}

/** What comes of an object by what the policy says of conflicts and drift, which agents are not told: in the order in which they look at it. */
function judged(object: DryRunObject, entry: DesiredEntry | undefined): DryRunObject {
  if (entry === undefined) return object;
  const said = givenUp(object, entry) ?? drifted(object, entry) ?? takenOver(object, entry);
  return object.beneath?.under === digestOfEntry(entry) ? putBack(said, object.beneath, entry) : said;
}

/** Of these conflicts those that the policy may not take. */
function left(conflicts: DryRunObject['conflicts'], entry: DesiredEntry, wereOurs: readonly string[] = []): DryRunObject['conflicts'] {
  if (entry.conflicts === 'FORCE') return [];
  return conflicts.filter(({ field }) => !(entry.drift === 'CORRECT' && wereOurs.includes(field)) && !coversField(entry.takeOver ?? [], field));
}

/** A version that was refused before: the object is put back to how it stood then, and stays so if it is refused again. */
function putBack(object: DryRunObject, { conflicts, wereOurs, applied, live, wouldBe, truncated }: NonNullable<DryRunObject['beneath']>, entry: DesiredEntry): DryRunObject {
  if (conflicts !== undefined && left(conflicts, entry, wereOurs).length > 0) {
    const message = `${[...new Set(conflicts.map(({ manager }) => manager))].join(', ')} owns fields that the policy sets. It is put back to how it stood when this was refused before.`;
    return { ...object, outcome: 'CONFLICT', reason: 'Conflict', message, conflicts, live, wouldBe, truncated };
  }
  if (conflicts !== undefined && applied !== undefined) {
    const [reason, message] = conflicts.length === 0 ? ['', 'It was refused before, and nothing is in its way now.'] : ['TakenOver', `${named(conflicts)} is taken over.`];
    return { ...object, outcome: applied.live === undefined && applied.wouldBe === undefined && applied.truncated !== true ? 'UNCHANGED' : 'CHANGED', reason, message, conflicts, live: applied.live, wouldBe: applied.wouldBe, truncated: applied.truncated };
  }
  if (object.outcome !== 'REFUSED' && object.outcome !== 'CONFLICT') return object;
  return { ...object, message: `${object.message} It is put back to how it stood when this was refused before.`, live, wouldBe, truncated };
}

/** What an earlier version took of others, and this one sets too, is given back where this one may not take it. */
function givenUp(object: DryRunObject, entry: DesiredEntry): DryRunObject | undefined {
  const { givenUp: given } = object;
  if (given === undefined || entry.conflicts === 'FORCE' || (given.wasOurs && entry.drift === 'CORRECT')) return undefined;
  const lost = given.fields.filter((field) => !coversField(entry.takeOver ?? [], field));
  if (lost.length === 0) return undefined;
  // Of labels and annotations the rest is set, and what somebody else keeps beside it is left.
  const kept = entry.mode === 'METADATA' && !given.wasOurs ? left(object.conflicts, entry) : object.conflicts;
  const wouldBe = kept === object.conflicts ? given.wouldBe : withFields(withFields(given.wouldBe, given.live, kept.map(({ field }) => field)), object.wouldBe ?? given.live, given.fields.filter((field) => !lost.includes(field)));
  // To have been ours makes them drift again, unless something else is in the way of the version.
  const drifts = given.wasOurs && object.conflicts.length === 0;
  const back = `${lost.join(', ')} ${lost.length === 1 ? 'is given back as it was' : 'are given back as they were'} before an earlier version took ${lost.length === 1 ? 'it' : 'them'}`;
  return {
    ...object,
    outcome: drifts ? 'CHANGED' : 'CONFLICT',
    reason: 'HandedBack',
    message: drifts ? `${back}, and drift again.` : `${back}, and in the way then: to keep ${lost.length === 1 ? 'it' : 'them'}, list ${lost.length === 1 ? 'it' : 'them'} in takeOver.`,
    conflicts: drifts ? [] : [...kept, ...(given.letsGo ? given.fields : lost).map((field) => ({ manager: LEFT_BEHIND_MANAGER, field }))],
    live: given.live,
    wouldBe,
    truncated: given.truncated,
  };
}

const WRITES: ReadonlySet<DryRunObject['outcome']> = new Set(['CREATED', 'CHANGED', 'CONFLICT']);

/** Of what the policy has applied before, whatever differs is drift, and no conflict: it is reported, or put right by force. */
function drifted(object: DryRunObject, entry: DesiredEntry): DryRunObject | undefined {
  const { policyId, drift } = entry;
  if (object.appliedFor !== policyId || !WRITES.has(object.outcome)) return undefined;
  // What was others' before is not put right without leave.
  if (drift === 'CORRECT' && object.contested !== true && left(object.conflicts, entry).some(({ field }) => object.lent?.includes(field))) return undefined;
  const by = object.conflicts.length === 0 ? '' : `: ${named(object.conflicts)}`;
  if (drift === 'CORRECT' && object.contested !== true) return { ...object, outcome: object.outcome === 'CREATED' ? 'CREATED' : 'CHANGED', reason: 'Corrected', message: `It has drifted since the policy applied it${by}. It is put right.` };
  const { live: _live, wouldBe: _wouldBe, truncated: _truncated, ...stays } = object;
  if (drift === 'CORRECT') return { ...stays, outcome: 'UNCHANGED', reason: 'Contested', message: `It has drifted since the policy applied it${by}. Somebody changes it back whenever it is put right, so that it stays as it is until it is settled who owns it.` };
  return { ...stays, outcome: 'UNCHANGED', reason: 'Drifted', message: `It has drifted since the policy applied it${by}. Drift is only reported, and it stays as it is.` };
}

/** Agents are asked what stands in the way; of that the policy may take over all, or some. */
function takenOver(object: DryRunObject, entry: DesiredEntry): DryRunObject {
  if (object.outcome !== 'CONFLICT') return object;
  const kept = left(object.conflicts, entry, object.wereOurs);
  // Of labels and annotations each stands for itself: those that others keep are left, and the rest is set.
  if (kept.length > 0 && entry.mode === 'METADATA') return { ...object, conflicts: kept, message: `${named(kept)} is in the way and stays as it is; the rest is set.`, wouldBe: withFields(object.wouldBe, object.live, kept.map(({ field }) => field)) };
  // Where anything is in the way nothing is taken: the object stays as it is, whatever forcing it would make of it.
  if (kept.length > 0) return { ...object, message: kept.length === object.conflicts.length ? object.message : `${object.message} ${named(kept)} is in the way, and nothing is taken over.`, wouldBe: object.untaken ?? object.live };
  if (entry.drift === 'CORRECT' && object.conflicts.every(({ field }) => object.wereOurs?.includes(field))) return { ...object, outcome: 'CHANGED', reason: 'Corrected', message: `${named(object.conflicts)} is drift since an earlier version of the policy was applied. It is put right.` };
  return { ...object, outcome: 'CHANGED', reason: 'TakenOver', message: `${named(object.conflicts)} is taken over.` };
}

/** What a labelled object would be with these of its fields as another body has them. */
function withFields(wouldBe: DryRunObject['wouldBe'], other: DryRunObject['wouldBe'], fields: readonly string[]): DryRunObject['wouldBe'] {
  if (other === undefined || wouldBe === undefined || fields.length === 0) return wouldBe;
  // Bodies come from an API server: they are Kubernetes objects.
  const [is, becomes] = [metadataFieldsOf(other as KubeObject), new Map(metadataFieldsOf(wouldBe as KubeObject))];
  for (const field of fields) {
    const value = is.get(field);
    if (value === undefined) becomes.delete(field);
    else becomes.set(field, value);
  }
  return jsonOfObject(withMetadataFields(wouldBe as KubeObject, becomes));
}

const named = (conflicts: DryRunObject['conflicts']): string => conflicts.map(({ manager, field }) => `${field} of ${manager}`).join(', ');

function viewOf({ key, outcome, reason, message, conflicts, live, wouldBe, truncated }: DryRunObject): DryRunObjectView {
  // Bodies come from an API server: they are Kubernetes objects.
  const text = (body: unknown): string => (body === undefined ? '' : yamlOf(body as KubeObject));
  const [before, after] = [text(live), text(wouldBe)];
  const diff = before === after ? '' : unifiedDiff(key, before, after);
  return { key, outcome, reason, message, conflicts, diff: truncated === true ? null : diff };
}
