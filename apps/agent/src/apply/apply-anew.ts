import type { Resource } from '@meshfleet/kube';
import { conflictsOf } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import type { DesiredEntry } from '@meshfleet/protocol';
import { coversField } from '@meshfleet/protocol';
import { keepBeneath } from '../former/stood-beneath.ts';
import { rememberFormer, returnDropped } from '../former/take-over.ts';
import type { ApplyContext, Knowledge } from './apply-entry.ts';
import { explainConflicts } from './explain-failure.ts';
import { leaveContested } from './leave-contested.ts';
import type { Outcome } from './outcome.ts';
import type { Origin } from './ownership.ts';
import { isMark } from './ownership.ts';
import { takenFromUs } from './taken-from-us.ts';
import { write, type Written } from './write-object.ts';

/** An object beside what its policy wants of it. */
export interface Task {
  readonly resource: Resource;
  readonly entry: DesiredEntry;
  /** With our marks. */
  readonly wanted: KubeObject;
  readonly origin: Origin;
  readonly live: KubeObject | undefined;
  /** The live one is ours, or has labels of ours. */
  readonly managed: boolean;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Applies a version that the object does not have yet: gives back what it says nothing of any more, takes of others what it may take, and keeps before
 * what stands there.
 * @throws KubeError when others hold what it may not take, or the API server refuses
 */
export async function applyAnew(context: ApplyContext, { resource, entry, wanted, origin, live, managed }: Task, knowledge: Knowledge): Promise<Outcome> {
  if (live !== undefined) await keepBeneath(context, entry, live, knowledge.asked);
  const before = live === undefined ? undefined : await returnDropped(context, resource, entry.key, live, wanted);
  const force = entry.conflicts === 'FORCE';
  let forgets = false;
  const remember = async (what: KubeObject, taking: boolean): Promise<void> => {
    if (before !== undefined) forgets = !(await rememberFormer(context, resource, entry.key, before, what, taking));
  };
  const writeAll = async (what: KubeObject, forced: boolean): Promise<Written> => ({ ...(await write(context.client, resource, what, forced, before)), ...(forgets ? { forgets } : {}) });
  try {
    // In what we created there is seldom anything of others: whether there is, an attempt without force tells.
    if (origin === 'adopted') await remember(wanted, force);
    return await writeAll(wanted, force && origin === 'adopted');
  } catch (error) {
    const conflicts = conflictsOf(error);
    const ours = entry.drift === 'CORRECT' ? takenFromUs(conflicts.map(({ field }) => field), { managed, record: context.former?.of(entry.key), uid: live?.metadata.uid, hash: entry.hash }, knowledge) : NONE;
    const mayTake = (field: string): boolean => force || isMark(field) || ours.has(field) || coversField(entry.takeOver ?? [], field);
    const [taken, left] = [conflicts.filter(({ field }) => mayTake(field)), conflicts.filter(({ field }) => !mayTake(field))];
    // An apply takes all fields that others hold, or none: one that is not to be taken stands in the way of the rest.
    const rest = left.length === 0 ? wanted : entry.mode === 'METADATA' ? leaveContested(wanted, new Set(left.map(({ field }) => field)), managed) : undefined;
    if (conflicts.length === 0 || rest === undefined) throw error;
    const ofOthers = taken.some(({ field }) => !isMark(field) && !ours.has(field));
    if (taken.length === 0 || ofOthers) await remember(rest, taken.length > 0);
    const written = await writeAll(rest, taken.length > 0);
    return left.length === 0 ? written : { ...explainConflicts(left), rest: { object: rest, tookBack: taken.some(({ field }) => ours.has(field)) } };
  }
}
