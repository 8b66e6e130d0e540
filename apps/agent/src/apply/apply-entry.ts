import type { Discovery, DriftedField, KubeClient, Resource } from '@meshfleet/kube';
import { conflictsOf, findDrift, isNotFound } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { isMetadataKind, parseApiVersion } from '@meshfleet/model';
import { coversField } from '@meshfleet/protocol';
import type { DesiredEntry } from '@meshfleet/protocol';
import type { FormerStore } from '../former/former-store.ts';
import { rememberFormer, returnDropped } from '../former/take-over.ts';
import { explainConflicts, explainFailure } from './explain-failure.ts';
import { leaveContested } from './leave-contested.ts';
import type { Outcome } from './outcome.ts';
import type { Origin } from './ownership.ts';
import { contentMark, FIELD_MANAGER, isMark, ORIGIN_ANNOTATION, ownershipOf, stamp } from './ownership.ts';

export interface ApplyContext {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  /** What we took of others, to be given back; absent where nothing is written. */
  readonly former?: FormerStore;
}

/** What is known of the object from before. */
export interface Knowledge {
  /** This very content was applied once for this policy, as far as this process or the stored state knows. */
  readonly appliedBefore: boolean;
  /** Origin of the object of that uid, should its marks no longer tell. */
  readonly originOf: (uid: string) => Origin | undefined;
  readonly unkept: readonly string[] | undefined;
  /** The content that it had before this one: fields of it that somebody took are ours to take back. */
  readonly previous: KubeObject | undefined;
  /** Corrected so often lately that somebody else must want it otherwise. */
  readonly contested: boolean;
}

/** Makes one object as it should be, or says why not. Never rejects. Looks first: a change by somebody else is told from a version not yet applied. */
export async function applyEntry(context: ApplyContext, entry: DesiredEntry, object: KubeObject, knowledge: Knowledge): Promise<Outcome> {
  const { group, version } = parseApiVersion(object.apiVersion);
  // Whatever a state says: of namespaces, services and workloads nothing but labels and annotations is ever written.
  if (isMetadataKind(group, object.kind) !== (entry.mode === 'METADATA')) {
    const message = entry.mode === 'METADATA' ? `${object.kind} is applied whole, and the policy asks for its labels and annotations alone.` : `Of ${object.kind} only labels and annotations are applied, and the policy asks for more.`;
    return { kind: 'failed', reason: 'ModeRefused', message, transient: false };
  }
  const resource = context.discovery.find(group, version, object.kind);
  if (resource === undefined) {
    return { kind: 'failed', reason: 'KindNotServed', message: `The cluster does not serve ${object.kind} in ${object.apiVersion}. It is applied as soon as it does.`, transient: false };
  }
  try {
    return await settle(context, resource, entry, object, knowledge);
  } catch (error) {
    return explainFailure(error);
  }
}

async function settle(context: ApplyContext, resource: Resource, entry: DesiredEntry, object: KubeObject, knowledge: Knowledge): Promise<Outcome> {
  const { client } = context;
  const live = await readLive(client, resource, object);
  if (live?.metadata.deletionTimestamp !== undefined) {
    return { kind: 'failed', reason: 'Terminating', message: 'The object is being deleted; it is applied again when it is gone.', transient: true };
  }
  const metadataOnly = entry.mode === 'METADATA';
  if (metadataOnly && live === undefined) {
    return { kind: 'failed', reason: 'ObjectMissing', message: `There is no ${object.kind} of this name. Its labels and annotations are set as soon as there is.`, transient: false };
  }
  const own = ownershipOf(live);
  const knownOrigin = knowledge.originOf(live?.metadata.uid ?? '');
  const origin: Origin = metadataOnly ? 'adopted' : live === undefined ? 'created' : own.managed && own.origin !== undefined ? own.origin : (knownOrigin ?? 'adopted');
  const stamped = stamp(object, entry, origin);
  // The uid keeps an object that vanishes meanwhile from being created with labels and nothing else.
  const wanted = metadataOnly ? withUid(stamped, live?.metadata.uid) : stamped;

  if (live === undefined && knowledge.appliedBefore) {
    if (entry.drift === 'REPORT') return { kind: 'drifted', reason: 'Deleted', fields: [], manager: undefined };
    if (knowledge.contested) return { kind: 'drifted', reason: 'Contested', fields: [], manager: undefined };
    const outcome = await write(client, resource, wanted, true, undefined);
    return { ...outcome, corrected: { reason: 'Deleted', fields: [], manager: undefined } };
  }

  // Marks that somebody took off or wrote over are drift like any other field of ours.
  // Its owner may have made a labelled object anew: what that one says is no drift.
  const appliedBefore = knowledge.appliedBefore && (!metadataOnly || knownOrigin !== undefined);
  const ours = appliedBefore || (own.policyId === entry.policyId && own.content === contentMark(entry.hash));
  if (live !== undefined && ours) {
    const { drift, unkept } = await realDrift(client, resource, wanted, live, knowledge.unkept);
    if (drift.length === 0) return { kind: 'applied', resourceVersion: live.metadata.resourceVersion ?? '', unkept, origin, uid: live.metadata.uid };
    const fields = drift.map(({ field }) => field);
    const manager = drift.find((each) => each.manager !== undefined)?.manager;
    if (entry.drift === 'REPORT') return { kind: 'drifted', reason: 'FieldsChanged', fields, manager };
    if (knowledge.contested) return { kind: 'drifted', reason: 'Contested', fields, manager };
    // Force, because these fields were ours: whoever changed them took them from us.
    const outcome = await write(client, resource, wanted, true, live);
    // A write that changed nothing undid nothing.
    return outcome.resourceVersion === live.metadata.resourceVersion ? outcome : { ...outcome, corrected: { reason: 'FieldsChanged', fields, manager } };
  }

  const before = live === undefined ? undefined : await returnDropped(context, resource, entry.key, live, wanted);
  const force = entry.conflicts === 'FORCE';
  let forgets = false;
  const remember = async (what: KubeObject, taking: boolean): Promise<void> => {
    if (before !== undefined) forgets = !(await rememberFormer(context, resource, entry.key, before, what, taking));
  };
  const writeAll = async (what: KubeObject, forced: boolean): Promise<Written> => ({ ...(await write(client, resource, what, forced, before)), ...(forgets ? { forgets } : {}) });
  try {
    // In what we created there is seldom anything of others: whether there is, an attempt without force tells.
    if (origin === 'adopted') await remember(wanted, force);
    return await writeAll(wanted, force && origin === 'adopted');
  } catch (error) {
    const conflicts = conflictsOf(error);
    const { previous } = knowledge;
    const wasOurs = (field: string): boolean => own.managed && !knowledge.contested && entry.drift === 'CORRECT' && previous !== undefined && hasPath(previous, field);
    const mayTake = (field: string): boolean => force || isMark(field) || wasOurs(field) || coversField(entry.takeOver ?? [], field);
    const [taken, left] = [conflicts.filter(({ field }) => mayTake(field)), conflicts.filter(({ field }) => !mayTake(field))];
    // An apply takes all fields that others hold, or none: one that is not to be taken stands in the way of the rest.
    const rest = left.length === 0 ? wanted : metadataOnly ? leaveContested(wanted, new Set(left.map(({ field }) => field)), own.managed) : undefined;
    if (conflicts.length === 0 || rest === undefined) throw error;
    const takenFromUs = taken.every(({ field }) => isMark(field) || wasOurs(field));
    if (taken.length === 0 || !takenFromUs) await remember(rest, taken.length > 0);
    const written = await writeAll(rest, taken.length > 0);
    return left.length === 0 ? written : { ...explainConflicts(left), rest: { object: rest, tookBack: taken.some(({ field }) => wasOurs(field)) } };
  }
}

async function readLive(client: KubeClient, resource: Resource, object: KubeObject): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, object.metadata.namespace ?? '', object.metadata.name ?? '');
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const withUid = (object: KubeObject, uid: string | undefined): KubeObject => ({ ...object, metadata: { ...object.metadata, ...(uid === undefined ? {} : { uid }) } });

type Written = Extract<Outcome, { kind: 'applied' }>;

async function write(client: KubeClient, resource: Resource, wanted: KubeObject, force: boolean, before: KubeObject | undefined): Promise<Written> {
  let after = await client.apply(resource, wanted, { fieldManager: FIELD_MANAGER, force });
  const others = (after.metadata.managedFields ?? []).some((entry) => !(entry.manager === FIELD_MANAGER && entry.operation === 'Apply') && (entry.subresource ?? '') === '');
  let origin: Origin = wanted.metadata.annotations?.[ORIGIN_ANNOTATION] === 'created' ? 'created' : 'adopted';
  if (before === undefined && others) {
    // Somebody created it between our look and our write: then it is not ours to delete.
    origin = 'adopted';
    const annotations = { ...wanted.metadata.annotations, [ORIGIN_ANNOTATION]: origin };
    after = await client.apply(resource, { ...wanted, metadata: { ...wanted.metadata, annotations } }, { fieldManager: FIELD_MANAGER, force: true });
  }
  const unkept = findDrift(wanted, after, FIELD_MANAGER).map(({ field }) => field).filter((field) => !field.startsWith('.metadata.'));
  return { kind: 'applied', resourceVersion: after.metadata.resourceVersion ?? '', unkept, origin, uid: after.metadata.uid };
}

/** Drift without what the API server would not keep anyway; when that is not known yet, a dry run tells. */
async function realDrift(
  client: KubeClient,
  resource: Resource,
  wanted: KubeObject,
  live: KubeObject,
  unkept: readonly string[] | undefined,
): Promise<{ drift: readonly DriftedField[]; unkept: readonly string[] | undefined }> {
  const drift = findDrift(wanted, live, FIELD_MANAGER);
  if (drift.length === 0) return { drift, unkept };
  let known = unkept;
  if (known === undefined) {
    const would = await client.apply(resource, wanted, { fieldManager: FIELD_MANAGER, force: true, dryRun: true });
    known = findDrift(wanted, would, FIELD_MANAGER).map(({ field }) => field);
  }
  const dropped = new Set(known);
  return { drift: drift.filter(({ field }) => !dropped.has(field)), unkept: known };
}

/** Whether an object has something at a path as conflicts name it, followed until the first list. Keys of labels and annotations hold dots of their own. */
function hasPath(object: KubeObject, path: string): boolean {
  const plain = path.split('[')[0] ?? '';
  const [, map, key] = /^(\.metadata\.(?:labels|annotations))\.(.+)$/.exec(plain) ?? [];
  const steps = [...(map ?? plain).split('.').filter((part) => part !== ''), ...(key === undefined ? [] : [key])];
  let at: unknown = object;
  for (const field of steps) {
    if (typeof at !== 'object' || at === null) return false;
    at = (at as { readonly [field: string]: unknown })[field]; // an object, as just checked
  }
  return at !== undefined;
}
