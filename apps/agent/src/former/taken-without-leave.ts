import type { FieldSet } from '@meshfleet/kube';
import { fieldsAbsentIn, fieldsDiffering, pickFields, subtractFields } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import type { DesiredEntry } from '@meshfleet/protocol';
import { coversField } from '@meshfleet/protocol';
import { contentMark } from '../apply/ownership.ts';
import { fieldsComingBack, type FormerValues } from './hand-back.ts';

/**
 * Fields that an earlier version took of others, that this entry sets too, and that it may not take: after a roll-back, or where a version names them in
 * its takeOver no more. What nobody held is free to be had. Empty where all that is of ours may stay so.
 * @param wanted the entry's object
 */
export function takenWithoutLeave(former: FormerValues | undefined, entry: Pick<DesiredEntry, 'hash' | 'drift' | 'conflicts' | 'takeOver'>, live: KubeObject, wanted: KubeObject): FieldSet {
  if (former === undefined || entry.conflicts === 'FORCE') return {};
  // It had these fields before somebody took them, and puts such changes right.
  if (former.over === contentMark(entry.hash) && entry.drift === 'CORRECT') return {};
  const { back } = fieldsComingBack(live, former, former.theirs ?? {});
  const said = fieldsDiffering(subtractFields(back, fieldsAbsentIn(back, wanted)), wanted, former.values);
  return pickFields(said, (path) => !coversField(entry.takeOver ?? [], path));
}
