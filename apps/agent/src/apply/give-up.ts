import { copyFields, pickFields, type FieldSet } from '@meshfleet/kube';
import { LEFT_BEHIND_MANAGER } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { returnDropped, returnFields } from '../former/take-over.ts';
import { applyAnew, type Task } from './apply-anew.ts';
import type { ApplyContext, Knowledge } from './apply-entry.ts';
import { explainFailure } from './explain-failure.ts';
import type { Outcome } from './outcome.ts';
import { contentMark, ownershipOf } from './ownership.ts';
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
    await write(context.client, resource, rest, false, returned);
    const paths: string[] = [];
    pickFields(fields, (path) => paths.push(path) > 0);
    return { kind: 'drifted', reason: 'FieldsChanged', fields: paths, manager: LEFT_BEHIND_MANAGER };
  }
  const wasNotOurs = over === undefined && entry.mode !== 'METADATA';
  const returned = wasNotOurs ? await release(context, entry.key, resource, live) : await returnFields(context, resource, entry.key, live, fields);
  if (wasNotOurs) await context.former?.forget(entry.key);
  const { managed } = ownershipOf(returned);
  // What is known from before was of fields that are given up.
  const outcome = await applyAnew(context, { ...task, live: returned, managed }, { ...knowledge, appliedBefore: false, previous: undefined }).catch(explainFailure);
  return outcome.kind === 'failed' ? { ...outcome, gaveUp: true } : outcome;
}
