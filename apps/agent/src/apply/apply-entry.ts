import type { Discovery, DriftedField, KubeClient, Resource } from '@meshfleet/kube';
import { findDrift, isLeaf, isNotFound } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { FIELD_MANAGER, isMetadataKind, parseApiVersion } from '@meshfleet/model';
import type { DesiredEntry } from '@meshfleet/protocol';
import { coversField } from '@meshfleet/protocol';
import type { FormerStore } from '../former/former-store.ts';
import { beneath, returnBeneath } from '../former/stood-beneath.ts';
import { rememberNewer } from '../former/take-over.ts';
import { takenWithoutLeave } from '../former/taken-without-leave.ts';
import { applyAnew } from './apply-anew.ts';
import { explainFailure } from './explain-failure.ts';
import { giveUp } from './give-up.ts';
import type { Outcome } from './outcome.ts';
import type { Origin } from './ownership.ts';
import { contentMark, ownershipOf, stamp } from './ownership.ts';
import { takenOfOthers } from './taken-from-us.ts';
import { write } from './write-object.ts';

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
  /** What was asked of the object before this; undefined where that is not known. */
  readonly asked: DesiredEntry | undefined;
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
  const stood = live === undefined ? undefined : beneath(context.former?.of(entry.key), entry, live);
  if (live !== undefined && stood !== undefined) {
    await returnBeneath(context, resource, entry.key, live, stood);
    // What is known from before was of a version that is not there any more.
    const outcome = await settle(context, resource, entry, object, { ...knowledge, appliedBefore: false, previous: stood.own as KubeObject | undefined, asked: undefined }).catch(explainFailure); // its fields
    return outcome.kind === 'failed' ? { ...outcome, gaveUp: true } : outcome;
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
  const lost = live === undefined ? {} : takenWithoutLeave(context.former?.of(entry.key), entry, live, wanted);
  if (live !== undefined && !isLeaf(lost)) return giveUp(context, { resource, entry, wanted, origin, live, managed: own.managed }, lost, knowledge);
  if (live !== undefined && ours) {
    const { drift, unkept } = await realDrift(client, resource, wanted, live, knowledge.unkept);
    if (drift.length === 0) return { kind: 'applied', resourceVersion: live.metadata.resourceVersion ?? '', unkept, origin, uid: live.metadata.uid };
    const fields = drift.map(({ field }) => field);
    const manager = drift.find((each) => each.manager !== undefined)?.manager;
    if (entry.drift === 'REPORT') return { kind: 'drifted', reason: 'FieldsChanged', fields, manager };
    if (knowledge.contested) return { kind: 'drifted', reason: 'Contested', fields, manager };
    // Put right by force, what may not be taken would be given up at the next look.
    const lent = entry.conflicts === 'FORCE' ? [] : takenOfOthers({ record: context.former?.of(entry.key), uid: live.metadata.uid, hash: entry.hash });
    const kept = fields.some((field) => coversField(lent, field) && !coversField(entry.takeOver ?? [], field));
    if (kept) return applyAnew(context, { resource, entry, wanted, origin, live, managed: own.managed }, knowledge);
    await rememberNewer(context, entry.key, live, wanted);
    // Force, because these fields were ours: whoever changed them took them from us.
    const outcome = await write(client, resource, wanted, true, live);
    // A write that changed nothing undid nothing.
    return outcome.resourceVersion === live.metadata.resourceVersion ? outcome : { ...outcome, corrected: { reason: 'FieldsChanged', fields, manager } };
  }

  return applyAnew(context, { resource, entry, wanted, origin, live, managed: own.managed }, knowledge);
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
