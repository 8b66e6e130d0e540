import type { FieldConflict, Resource } from '@meshfleet/kube';
import { conflictsOf, isLeaf, isNotFound } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { contentHash, FIELD_MANAGER, formatObjectKey, isMetadataKind, isMetadataOnly, objectKeyOf, parseApiVersion } from '@meshfleet/model';
import type { DryRunObject, DryRunRequest, DryRunResult } from '@meshfleet/protocol';
import type { ApplyContext } from '../apply/apply-entry.ts';
import { explainFailure } from '../apply/explain-failure.ts';
import type { Foreseen } from '../apply/key-memory.ts';
import { contentMark, keepMarks, ownershipOf } from '../apply/ownership.ts';
import { takenFromUs, takenOfOthers } from '../apply/taken-from-us.ts';
import { previewReturn, tellReturn } from '../former/preview-return.ts';
import { isManagedKind } from '../observe/watched-kinds.ts';
import { dryRunWithdrawal } from './dry-run-withdrawal.ts';
import type { SayDryRun } from './say-dry-run.ts';
import { createDryRunSayer, saysTheSame } from './say-dry-run.ts';
import { tryBeneath } from './try-beneath.ts';
import { tryGivingUp } from './try-giving-up.ts';

const AT_ONCE = 4;

export interface DryRunContext extends ApplyContext {
  /** What this process would know of an object if content of this hash came next. */
  foresee?(key: string, hash: string): Foreseen;
}

/**
 * Says what an apply of these objects, and then a withdrawal of others, would do, by asking the API server itself, admission included. Nothing is stored.
 * The answers come in the order of the questions, those of the withdrawal last.
 */
export async function dryRun(context: DryRunContext, request: DryRunRequest, signal: AbortSignal): Promise<DryRunResult> {
  const say = createDryRunSayer();
  const results: DryRunObject[] = [];
  let next = 0;
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let index = next++; index < request.objects.length && !signal.aborted; index = next++) {
      const object = request.objects[index];
      if (object !== undefined) results[index] = await tryOne(context, object, request.conflicts === 'FORCE', say);
    }
  });
  await Promise.all(workers);
  const withdrawn = request.withdrawal === undefined ? [] : await dryRunWithdrawal(context, request.withdrawal, say, signal);
  return { objects: [...results, ...withdrawn] };
}

async function tryOne(context: DryRunContext, object: KubeObject, force: boolean, say: SayDryRun): Promise<DryRunObject> {
  const key = formatObjectKey(objectKeyOf(object));
  const { group, version } = parseApiVersion(object.apiVersion);
  const refuse = (reason: string, message: string): DryRunObject => say(key, reason === 'KindNotServed' ? 'KIND_NOT_SERVED' : 'REFUSED', { reason, message });
  // The agent may read its own secrets: what it does not manage is not looked at.
  if (!isManagedKind(group, object.kind)) return refuse('KindNotManaged', `Meshfleet does not manage ${object.kind} in ${object.apiVersion}.`);
  if (isMetadataKind(group, object.kind) && !isMetadataOnly(object)) return refuse('ModeRefused', `Of ${object.kind} only labels and annotations are applied.`);
  const resource = context.discovery.find(group, version, object.kind);
  if (resource === undefined) return refuse('KindNotServed', `The cluster does not serve ${object.kind} in ${object.apiVersion}.`);
  const hash = contentHash(object);
  const foreseen = context.foresee?.(key, hash) ?? NOTHING_KNOWN;
  let stood: Pick<DryRunObject, 'beneath'> = {};
  try {
    const live = await read(context, resource, object);
    if (live === undefined) {
      if (isMetadataKind(group, object.kind)) return refuse('ObjectMissing', `There is no ${object.kind} of this name.`);
      const { wouldBe } = await apply(context, resource, keepMarks(object, live), force);
      return { ...say(key, 'CREATED', NOTHING_TO_SAY, undefined, wouldBe), ...whatIsKnown(foreseen, hash, object, live) };
    }
    const wanted = keepMarks(object, live);
    stood = await tryBeneath(context, { resource, key, wanted, hash, live }, foreseen, say);
    const said = await tryChange(context, resource, key, wanted, live, force, say);
    const givenUp = force ? undefined : await tryGivingUp(context, { resource, key, object, wanted, live }, say);
    const taken = new Set(takenOfOthers({ record: context.former?.of(key), uid: live.metadata.uid, hash }));
    const lent = said.conflicts.flatMap(({ field }) => (taken.has(field) ? [field] : []));
    const tookBack = takenFromUs(said.conflicts.map(({ field }) => field), { managed: ownershipOf(live).managed, record: context.former?.of(key), uid: live.metadata.uid, hash }, foreseen);
    return { ...said, ...(givenUp === undefined ? {} : { givenUp }), ...stood, ...(tookBack.size === 0 ? {} : { wereOurs: [...tookBack] }), ...(lent.length === 0 ? {} : { lent }), ...whatIsKnown(foreseen, hash, object, live) };
  } catch (error) {
    const { reason, message } = explainFailure(error);
    return { ...refuse(reason, message), ...stood };
  }
}

const NOTHING_KNOWN: Foreseen = { applied: undefined, previous: undefined, contested: false };

/**
 * Whether and for whom this very content was applied last, by what `applyEntry` tells drift from a version that the object does not have yet; and whether
 * what somebody changes of it is put right no more.
 */
function whatIsKnown({ applied, contested }: Foreseen, hash: string, object: KubeObject, live: KubeObject | undefined): Pick<DryRunObject, 'appliedFor' | 'contested'> {
  const marks = ownershipOf(live);
  const known = contested ? { contested } : {};
  if (marks.policyId !== undefined && marks.content === contentMark(hash)) return { ...known, appliedFor: marks.policyId };
  // Its owner may have made a labelled object anew: what that one says is no drift.
  const isIt = applied?.hash === hash && (!isMetadataKind(parseApiVersion(object.apiVersion).group, object.kind) || applied.uid === live?.metadata.uid);
  return isIt ? { ...known, appliedFor: applied.policyId } : known;
}

const NOTHING_TO_SAY = { reason: '', message: '' };

async function tryChange(context: ApplyContext, resource: Resource, key: string, wanted: KubeObject, live: KubeObject, force: boolean, say: SayDryRun): Promise<DryRunObject> {
  // What the policy has come to say nothing of is given back before the rest is applied. We hold it alone: tried as ours, it is in nobody's way.
  const returned = await previewReturn(context, resource, key, live, wanted);
  const { wouldBe, conflicts } = await apply(context, resource, returned.onto(wanted), force);
  const told = tellReturn(live, returned);
  if (conflicts.length > 0) {
    const message = `${[...new Set(conflicts.map(({ manager }) => manager))].join(', ')} owns fields that the policy sets. ${told}`.trim();
    const named = conflicts.slice(0, 100).map(({ manager, field }) => ({ manager: manager.slice(0, 256), field: field.slice(0, 512) }));
    const untaken = returned.after === undefined ? undefined : say(key, 'CONFLICT', NOTHING_TO_SAY, live, returned.after).wouldBe;
    return { ...say(key, 'CONFLICT', { reason: 'Conflict', message }, live, wouldBe), conflicts: named, ...(untaken === undefined ? {} : { untaken }) };
  }
  const reason = isLeaf(returned.back) ? (isLeaf(returned.changedSince) ? '' : 'ChangedSince') : 'HandedBack';
  return say(key, saysTheSame(live, wouldBe) ? 'UNCHANGED' : 'CHANGED', { reason, message: told }, live, wouldBe);
}

async function read({ client }: ApplyContext, resource: Resource, object: KubeObject): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, object.metadata.namespace ?? '', object.metadata.name ?? '');
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** What the object would be; where others hold fields, what it would be by force, and who they are. */
async function apply({ client }: ApplyContext, resource: Resource, object: KubeObject, force: boolean): Promise<{ wouldBe: KubeObject; conflicts: readonly FieldConflict[] }> {
  const tryIt = (byForce: boolean) => client.apply(resource, object, { fieldManager: FIELD_MANAGER, force: byForce, dryRun: true });
  try {
    return { wouldBe: await tryIt(force), conflicts: [] };
  } catch (error) {
    const conflicts = conflictsOf(error);
    if (conflicts.length === 0) throw error;
    return { wouldBe: await tryIt(true), conflicts };
  }
}
