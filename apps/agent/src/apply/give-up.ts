import { conflictsOf, copyFields, pickFields, type FieldSet, type Resource } from '@meshfleet/kube';
import { CONTENT_ANNOTATION, FIELD_MANAGER, LEFT_BEHIND_MANAGER } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { appliedObject } from '../former/stood-beneath.ts';
import { returnDropped, returnFields } from '../former/take-over.ts';
import { applyAnew, type Task } from './apply-anew.ts';
import type { ApplyContext, Knowledge } from './apply-entry.ts';
import { explainConflicts, explainFailure } from './explain-failure.ts';
import type { Outcome } from './outcome.ts';
import { contentMark, IN_PART, ownershipOf } from './ownership.ts';
import { release } from './release.ts';
import { write } from './write-object.ts';

/**
 * An earlier version took fields of others that this one sets too, and may not take: they are given back, and it stands as if they had never been taken.
 * Where it had been applied, and reports drift, the fields are drift again. Where the object was none of ours, nothing of it stays ours but what is applied
 * in spite of the conflict.
 */
export async function giveUp(context: ApplyContext, task: Task & { readonly live: KubeObject }, fields: FieldSet, knowledge: Knowledge): Promise<Outcome> {
  const { resource, entry, wanted, live } = task;
  const over = context.former?.of(entry.key)?.over;
  if (over === contentMark(entry.hash)) {
    const returned = await returnFields(context, resource, entry.key, await returnDropped(context, resource, entry.key, live, wanted), fields);
    const rest = copyFields(wanted, {}, fields) as KubeObject; // an object with fields less
    const paths: string[] = [];
    pickFields(fields, (path) => paths.push(path) > 0);
    try {
      await write(context.client, resource, rest, false, returned);
    } catch (error) {
      const conflicts = conflictsOf(error);
      if (conflicts.length === 0) throw error;
      // What is given back is in the way of the whole by now as well, as the next attempt finds.
      return { ...explainConflicts([...conflicts, ...paths.map((field) => ({ manager: LEFT_BEHIND_MANAGER, field }))]), gaveUp: true };
    }
    return { kind: 'drifted', reason: 'FieldsChanged', fields: paths, manager: LEFT_BEHIND_MANAGER };
  }
  const wasNotOurs = over === undefined && entry.mode !== 'METADATA';
  const given = wasNotOurs ? await release(context, entry.key, resource, live) : await returnFields(context, resource, entry.key, live, fields);
  if (wasNotOurs) await context.former?.forget(entry.key);
  const { managed, content } = ownershipOf(given);
  // By its mark what is given back would be drift of this very content at the next look, and be put right.
  const returned = entry.mode !== 'METADATA' && managed && content === contentMark(entry.hash) ? await markInPart(context, resource, given) : given;
  // What is known from before was of fields that are given up.
  const outcome = await applyAnew(context, { ...task, live: returned, managed }, { ...knowledge, appliedBefore: false, previous: undefined }).catch(explainFailure);
  return outcome.kind === 'failed' ? { ...outcome, gaveUp: true } : outcome;
}

/** Marks what is ours of an object as a part of its content. Resolves to the object as it is then. */
function markInPart({ client }: ApplyContext, resource: Resource, live: KubeObject): Promise<KubeObject> {
  const own = appliedObject(live) as { readonly metadata?: KubeObject['metadata'] }; // parts of an object
  const { name, namespace, uid } = live.metadata;
  const metadata = { ...own.metadata, annotations: { ...own.metadata?.annotations, [CONTENT_ANNOTATION]: IN_PART }, ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) };
  return client.apply(resource, { ...own, apiVersion: live.apiVersion, kind: live.kind, metadata }, { fieldManager: FIELD_MANAGER });
}
